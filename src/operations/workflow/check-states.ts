import { ok, type Result } from "../../base/result.ts";
import { describeAction } from "./action-description.ts";
import { actionTargets, leadsAnywhere } from "./action-targets.ts";
import type { Action } from "./definition.ts";
import { type DefinitionFault, illFormed } from "./state-table.ts";

export type States = ReadonlyMap<string, Action>;

/** Checks the states of a definition against each other and completes what is implied (spec/operations §3.7 and its gaps). */
export function checkStates(written: States): Result<States, DefinitionFault> {
  if (!written.has("init")) return illFormed("Missing mandatory state: init");
  const [misused] = misusedEnds(written);
  if (misused !== undefined) return illFormed(misused.message);
  const states = new Map(written);
  for (const name of ["successful", "failed"]) states.set(name, { kind: "cleanup" });
  const [mistake] = mistakesBetween(states);
  return mistake === undefined ? ok(withAwaitedBuiltins(states)) : illFormed(mistake.message);
}

/** What is wrong with a state because of others. */
export interface StateMistake {
  readonly message: string;
  readonly state: string;
  /** The key of the state that is at fault, if one alone is. */
  readonly key?: string;
}

/** The two states that end a command do nothing else. */
export function misusedEnds(written: States): readonly StateMistake[] {
  return ["successful", "failed"].flatMap((state) => {
    const action = written.get(state);
    if (action === undefined || action.kind === "cleanup") return [];
    return [{ message: `Invalid action on ${state} state: ${describeAction(action)}`, state }];
  });
}

/** Every state that leads nowhere, or never to an end. `states` has `successful` and `failed`. */
export function mistakesBetween(states: States): readonly StateMistake[] {
  return [...undefinedTargets(states), ...lostBuiltins(states), ...endlessLoop(states)];
}

function undefinedTargets(states: States): readonly StateMistake[] {
  return [...states].flatMap(([state, action]) =>
    actionTargets(action)
      .filter(({ status }) => !states.has(status))
      .map(({ status, handler }) => {
        return { message: `Undefined target state: ${status} (${handler} of ${state})`, state, key: handler };
      }),
  );
}

/** The end of a built-in operation is only seen in the state that waits for it (spec/operations §4.10). */
function lostBuiltins(states: States): readonly StateMistake[] {
  return [...states].flatMap(([state, action]) => {
    if (action.kind !== "builtin-operation") return [];
    const next = action.onExec.status;
    if (!states.has(next) || states.get(next)?.kind === "await-operation-completion") return [];
    const message = `The \`builtin:${action.operation}\` started in ${state} is not awaited in ${next}`;
    return [{ message, state, key: "on_exec" }];
  });
}

/** A state from which every way leads round in circles would keep the command, and the disk, busy for ever. */
function endlessLoop(states: States): readonly StateMistake[] {
  const ending = new Set<string>();
  for (let before = -1; before !== ending.size; ) {
    before = ending.size;
    for (const [name, action] of states) if (canEnd(action, ending)) ending.add(name);
  }
  const lost = [...reachableStates(states)].find((name) => states.has(name) && !ending.has(name));
  return lost === undefined ? [] : [{ message: `No way leads from ${lost} to a final state`, state: lost }];
}

function canEnd(action: Action, ending: ReadonlySet<string>): boolean {
  if (action.kind === "cleanup" || leadsAnywhere(action)) return true;
  return actionTargets(action).some(({ status }) => ending.has(status));
}

/** Every state that handlers lead to, `init` first. A script that `leadsAnywhere` may name more. */
export function reachableStates(states: States): ReadonlySet<string> {
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
