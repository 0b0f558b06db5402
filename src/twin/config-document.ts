import { type Fault, fault } from "../base/fault.ts";
import { isJsonObject, type JsonObject, parseJson } from "../base/json.ts";
import { jsonKind } from "../base/json-kind.ts";
import { err, ok, type Result } from "../base/result.ts";
import { KEY_RULE } from "../bus/payload/twin.ts";

/** Reads an exposed configuration as the twin takes it in; an empty text takes it away (spec/mqtt-api §6). Code `invalid-config`. */
export function parseConfigDocument(text: string): Result<JsonObject | undefined, Fault<"invalid-config">> {
  if (text === "") return ok(undefined);
  const json = parseJson(text);
  if (!json.ok) return err(fault("invalid-config", json.fault.message));
  if (!isJsonObject(json.value)) {
    return err(fault("invalid-config", `invalid type: ${jsonKind(json.value)}, expected a map`));
  }
  const badKey = Object.keys(json.value).find((key) => key === "" || key.startsWith("@") || key.includes("/"));
  if (badKey !== undefined) return err(fault("invalid-config", `Invalid config key: '${badKey}'. ${KEY_RULE}`));
  return ok(json.value);
}
