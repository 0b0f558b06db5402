import { describeAction } from "../action-description.ts";
import { actionTargets, leadsAnywhere } from "../action-targets.ts";
import type { Workflow } from "../definition.ts";

/** A workflow as states with ways between them, in the order in which a command that fares well comes to them. */
export interface StateGraph {
  readonly operation: string;
  readonly states: readonly GraphState[];
}

export interface GraphState {
  readonly name: string;
  /** What is done there, as the operation log names it. */
  readonly action: string;
  readonly ways: readonly Way[];
  /** A script names the next state itself, and it may be any. */
  readonly leadsAnywhere: boolean;
  /** A command ends here. */
  readonly isEnd: boolean;
}

export interface Way {
  readonly to: string;
  /** The handlers that lead there. */
  readonly handlers: readonly string[];
}

export function stateGraph({ operation, states }: Workflow): StateGraph {
  const walked = new Map<string, GraphState>();
  const walk = (name: string) => {
    const action = states.get(name);
    if (action === undefined || walked.has(name)) return;
    const ways = new Map<string, string[]>();
    for (const { status, handler } of actionTargets(action)) {
      ways.set(status, [...(ways.get(status) ?? []), handler]);
    }
    walked.set(name, {
      name,
      action: describeAction(action),
      ways: [...ways].map(([to, handlers]) => ({ to, handlers })),
      leadsAnywhere: leadsAnywhere(action),
      isEnd: action.kind === "cleanup",
    });
    for (const to of ways.keys()) if (!isFinal(to)) walk(to);
  };
  walk("init");
  // Those that only a script names, or nothing; the two of the end come last.
  for (const name of states.keys()) if (!isFinal(name)) walk(name);
  const named = new Set([...walked.values()].flatMap(({ ways }) => ways.map(({ to }) => to)));
  const isOpen = [...walked.values()].some((state) => state.leadsAnywhere);
  for (const name of ["successful", "failed"]) if (named.has(name) || isOpen) walk(name);
  return { operation, states: [...walked.values()] };
}

function isFinal(name: string): boolean {
  return name === "successful" || name === "failed";
}
