import { faultChain } from "../../base/fault.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { ExitHandlers } from "../workflow/definition.ts";
import { failWith, follow, reasonOf, type Transition } from "../workflow/transition.ts";
import { readScriptOutput, type ScriptOutput, type ScriptResult } from "./script-result.ts";

export interface ScriptContext {
  /** The program after substitution. */
  readonly program: string;
  readonly exits: ExitHandlers;
  readonly isState: (status: string) => boolean;
}

/** Where the end of a script leads (spec/operations §4.3 with the gaps of §15). */
export function scriptOutcome(result: ScriptResult, context: ScriptContext): Transition {
  const { program, exits } = context;
  if (!result.ok) return onError(exits, undefined, `Failed to launch ${program}: ${faultChain(result.fault).at(-1)}`);
  if (result.value.kind === "killed") {
    return follow(exits.kill ?? { status: "failed", reason: `${program} killed by signal ${result.value.signal}` });
  }
  const { code, stdout } = result.value;
  const output = readScriptOutput(stdout);
  if (code === 0) return exits.success === undefined ? told(output, context) : follow(exits.success, merged(output));
  const matched = exits.codes.find(({ from, to }) => from <= code && code <= to);
  if (matched !== undefined) return follow(matched.handler, merged(output));
  return onError(exits, reasonIn(output), `${program} returned exit code ${code}`);
}

/** The script tells the next state itself. */
function told(output: ScriptOutput, { program, exits, isState }: ScriptContext): Transition {
  if (output.kind === "unusable") return failWith(`Program \`${program}\` stdout ${output.why}`);
  const update = merged(output);
  const status = update.status;
  if (typeof status !== "string") {
    return onError(exits, reasonIn(output), `Program \`${program}\` stdout contains no status`);
  }
  const expected = exits.stdout === undefined ? isState(status) : exits.stdout.includes(status);
  if (expected) return { status, update };
  return onError(exits, reasonIn(output), `Program \`${program}\` stdout gives an unexpected status: ${status}`);
}

/** Order of reasons: the script's, the handler's, the generated one. */
function onError(exits: ExitHandlers, told: string | undefined, generated: string): Transition {
  return { status: exits.error.status, update: { reason: told ?? exits.error.reason ?? generated } };
}

function merged(output: ScriptOutput): JsonObject {
  return output.kind === "json" && isJsonObject(output.value) ? output.value : {};
}

function reasonIn(output: ScriptOutput): string | undefined {
  return output.kind === "json" ? reasonOf(output.value) : undefined;
}
