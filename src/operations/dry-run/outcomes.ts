import type { Exit } from "../../base/exec.ts";
import { fault } from "../../base/fault.ts";
import { isJsonObject, type Json, parseJson, stringifyJson } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { StepAction } from "../command/command.machine.ts";
import type { CommandState } from "../command.ts";
import type { ScriptResult } from "../steps/script-result.ts";

/**
 * What the author of a workflow wants to see happen, by state: `executing`, or `restart/executing` for a state of one operation alone. Several
 * for one state count one after the other, the last of them from then on.
 */
export interface Outcomes {
  readonly exits: ReadonlyMap<string, readonly number[]>;
  /** Standard output; JSON alone is put between the marks that the workflow looks for. */
  readonly stdout: ReadonlyMap<string, readonly string[]>;
  /** Reasons for which what is no script fails. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** Gives each step its outcome; everything succeeds unless it is said otherwise. */
export interface OutcomeDesk {
  program(action: StepAction, command: CommandState): ScriptResult;
  /** The end of what is no script: a transfer, a built-in operation or step, the restart of the agent. */
  other(command: CommandState): Result<undefined>;
}

export function createOutcomeDesk({ exits, stdout, failures }: Outcomes): OutcomeDesk {
  const used = new Map<readonly unknown[], number>();
  const next = <T>(from: ReadonlyMap<string, readonly T[]>, { address, payload }: CommandState): T | undefined => {
    const list = from.get(`${address.operation}/${payload.status}`) ?? from.get(payload.status);
    if (list === undefined) return undefined;
    const at = used.get(list) ?? 0;
    used.set(list, at + 1);
    return list[Math.min(at, list.length - 1)];
  };
  return {
    program(action, command) {
      const failure = next(failures, command);
      if (failure !== undefined) return err(fault("launch-failed", failure));
      const code = next(exits, command) ?? 0;
      const text = next(stdout, command) ?? (code === 0 ? assumedOutput(action) : "");
      const exit: Exit = { kind: "exited", code, stdout: Buffer.from(marked(text)), stderr: new Uint8Array(0) };
      return ok(exit);
    },
    other(command) {
      const failure = next(failures, command);
      return failure === undefined ? ok() : err(fault("failed", failure));
    },
  };
}

/** The output without which the success of a script would be a failure. */
function assumedOutput(action: StepAction): string {
  if (action.kind === "sub-operation") return "{}";
  if (action.kind !== "script" || action.exits.success !== undefined) return "";
  return stringifyJson({ status: action.exits.stdout?.[0] ?? "successful" });
}

function marked(text: string): string {
  const json: Result<Json> = parseJson(text);
  return json.ok && isJsonObject(json.value) ? `:::begin-tedge:::\n${text}\n:::end-tedge:::\n` : text;
}
