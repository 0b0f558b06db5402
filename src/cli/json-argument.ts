import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { toFault } from "../base/fault.ts";
import { isJsonObject, type JsonObject, parseJson } from "../base/json.ts";

/** A JSON object on the command line, or in the file that is named behind `@`. */
export function jsonObjectArgument(text: string): JsonObject {
  const json = parseJson(textArgument(text));
  if (!json.ok) throw new InvalidArgumentError(`It is not JSON: ${json.fault.message}`);
  if (!isJsonObject(json.value)) throw new InvalidArgumentError("A JSON object is expected");
  return json.value;
}

/** A text on the command line, or that of the file that is named behind `@`. */
export function textArgument(text: string): string {
  if (!text.startsWith("@")) return text;
  try {
    return readFileSync(text.slice(1), "utf8");
  } catch (thrown) {
    throw new InvalidArgumentError(`The file cannot be read: ${toFault(thrown).message}`);
  }
}
