import { ok, type Result } from "../../base/result.ts";
import { describeAction } from "./action-description.ts";
import { actionTargets, leadsAnywhere } from "./action-targets.ts";
import type { Action } from "./definition.ts";
import { type DefinitionFault, illFormed } from "./state-table.ts";

export type States = ReadonlyMap<string, Action>;

/** Checks the states of a definition against each other and completes what is implied (spec/operations §3.7 and its gaps). */
export function checkStates(written: States): Result<States, DefinitionFault> {
  if (!written.has("init")) return illFormed("Missing mandatory state: init");
  for (const name of ["successful", "failed"]) {
    const action = written.get(name);
    if (action !== undefined && action.kind !== "cleanup") {
      return illFormed(`Invalid action on ${name} state: ${describeAction(action)}`);
    }
  }
  const states = new Map(written);
  for (const name of ["successful", "failed"]) states.set(name, { kind: "cleanup" });
  const mistake = undefinedTarget(states) ?? lostBuiltin(states) ?? endlessLoop(states);
  return mistake === undefined ? ok(withAwaitedBuiltins(states)) : illFormed(mistake);
}

function undefinedTarget(states: States): string | undefined {
  for (const [name, action] of states) {
    const missing = actionTargets(action).find(({ status }) => !states.has(status));
    if (missing !== undefined) return `Undefined target state: ${missing.status} (${missing.handler} of ${name})`;
  }
  return undefined;
}

/** The end of a built-in operation is only seen in the state that waits for it (spec/operations §4.10). */
function lostBuiltin(states: States): string | undefined {
  for (const [name, action] of states) {
    if (action.kind !== "builtin-operation") continue;
    const next = action.onExec.status;
    if (states.get(next)?.kind === "await-operation-completion") continue;
    return `The \`builtin:${action.operation}\` started in ${name} is not awaited in ${next}`;
  }
  return undefined;
}

/** A state from which every way leads round in circles would keep the command, and the disk, busy for ever. */
function endlessLoop(states: States): string | undefined {
  const ending = new Set<string>();
  for (let before = -1; before !== ending.size; ) {
    before = ending.size;
    for (const [name, action] of states) if (canEnd(action, ending)) ending.add(name);
  }
  const lost = [...reachable(states)].find((name) => !ending.has(name));
  return lost === undefined ? undefined : `No way leads from ${lost} to a final state`;
}

function canEnd(action: Action, ending: ReadonlySet<string>): boolean {
  if (action.kind === "cleanup" || leadsAnywhere(action)) return true;
  return actionTargets(action).some(({ status }) => ending.has(status));
}

function reachable(states: States): ReadonlySet<string> {
  const found = new Set(["init"]);
  for (const name of found) {
    const action = states.get(name);
    for (const { status } of action === undefined ? [] : actionTargets(action)) found.add(status);
  }
  return found;
}

function withAwaitedBuiltins(states: States): States {
  const awaited = new Set(
    [...states.values()].flatMap((action) => (action.kind === "builtin-operation" ? [action.onExec.status] : [])),
  );
  return new Map(
    [...states].map(([name, action]) => [
      name,
      action.kind === "await-operation-completion"
        ? { ...action, builtin: action.builtin || awaited.has(name) }
        : action,
    ]),
  );
}
