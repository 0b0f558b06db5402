import { type Fault, fault, faultChain } from "../../base/fault.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { readScriptOutput, type ScriptResult } from "./script-result.ts";

/** The input of a sub-operation as a script gives it. Code `no-input`; the message is the reason of the command (spec/operations §4.7). */
export function inputScriptOutcome(program: string, result: ScriptResult): Result<JsonObject, Fault<"no-input">> {
  if (!result.ok) return noInput(`Program \`${program}\` cannot be launched: ${faultChain(result.fault).at(-1)}`);
  const exit = result.value;
  if (exit.kind === "killed") return noInput(`Program \`${program}\` has been killed by SIG${exit.signal}`);
  if (exit.code !== 0) return noInput(`Program \`${program}\` failed with exit code ${exit.code}`);
  const output = readScriptOutput(exit.stdout);
  if (output.kind === "unusable") return noInput(`Program \`${program}\` stdout ${output.why}`);
  if (!isJsonObject(output.value)) return noInput(`Program \`${program}\` stdout is not a JSON object`);
  return ok(output.value);
}

function noInput(message: string): Result<never, Fault<"no-input">> {
  return err(fault("no-input", message));
}
