import { fault } from "../../base/fault.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { readScriptOutput } from "../steps/script-result.ts";

/**
 * The JSON object that a plugin printed between `:::begin-tedge:::` and `:::end-tedge:::`, `{}` where there is none; what is not a JSON
 * object is told and ignored (spec/operations §7.8).
 */
export function pluginUpdate(stdout: Uint8Array, log: Log): JsonObject {
  const output = readScriptOutput(stdout);
  if (output.kind === "json" && isJsonObject(output.value)) return output.value;
  if (output.kind === "json") log.warn("A plugin printed JSON that is not an object, which is ignored");
  else if (new TextDecoder().decode(stdout).includes(":::begin-tedge:::")) {
    log.warn("What a plugin printed for the workflow is ignored", fault("invalid-output", `Its stdout ${output.why}`));
  }
  return {};
}
