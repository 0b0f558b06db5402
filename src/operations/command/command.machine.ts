import { exhaustive } from "../../base/exhaustive.ts";
import type { Machine, Step } from "../../base/machine.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import type {
  Action,
  AwaitCompletionAction,
  BuiltinStepAction,
  Handler,
  IterateAction,
  ScriptAction,
  SubOperationAction,
  TransferAction,
  Workflow,
} from "../workflow/definition.ts";
import type { Transition } from "../workflow/transition.ts";
import type { SubCommand } from "./sub-command.ts";

/** The life of one command between its acceptance and its clearing (spec/operations §2, §4, §5). */
export interface CommandLife {
  readonly phase: Phase;
  readonly payload: CommandPayload;
  /** Number of the current step; what is reported about another one comes too late. */
  readonly step: number;
  /** It holds the place of its operation: commands of one operation act one after the other. */
  readonly place: boolean;
  /** A sub-command of this one is on the board, running or ended. */
  readonly sub: boolean;
  /** The agent found it on the board at its start and it has not moved since. */
  readonly resumed: boolean;
  /** The agent is stopping: a step may still end, none begins. */
  readonly stopping: boolean;
}

export type Phase =
  | { readonly kind: "new" }
  /** The payload is being written to disk; `afterwards` is done once it is there and published. */
  | { readonly kind: "saving"; readonly afterwards: readonly Effect[] }
  /** Waits for the place of its operation. */
  | { readonly kind: "queued" }
  /** Its action runs. */
  | { readonly kind: "acting" }
  /** Nothing runs here: a sub-command or the restart of the agent is awaited. */
  | { readonly kind: "waiting" }
  /** At its end; the requester may clear it. */
  | { readonly kind: "ended" }
  /** Cleared; what runs is being ended. */
  | { readonly kind: "leaving" }
  | { readonly kind: "gone" }
  | { readonly kind: "stopped" };

export type Input =
  /** It is on the board and on disk. `request`: published by the requester; `spawned`: by its parent, not yet published; `resumed`: found at start. */
  | { readonly kind: "begin"; readonly origin: "request" | "spawned" | "resumed"; readonly sub: boolean }
  /** The place of the operation is its own now. */
  | { readonly kind: "turn" }
  /** The payload is on disk. */
  | { readonly kind: "saved" }
  /** A step came to its end, maybe by starting a sub-command. */
  | {
      readonly kind: "moved";
      readonly step: number;
      readonly transition: Transition;
      readonly sub?: SubCommand;
    }
  /** A step was broken off and will be done again at the next start. */
  | { readonly kind: "interrupted"; readonly step: number }
  | { readonly kind: "timeout"; readonly step: number }
  | { readonly kind: "clear" }
  | { readonly kind: "stop" };

export type Effect =
  /** Tell the operation log what begins. */
  | { readonly kind: "announce"; readonly action: Action; readonly payload: CommandPayload }
  | { readonly kind: "enter-queue"; readonly ahead: boolean }
  | { readonly kind: "leave-queue" }
  /** Run an action; its end comes back as `moved` or `interrupted`. */
  | {
      readonly kind: "perform";
      readonly action: StepAction;
      readonly payload: CommandPayload;
      readonly step: number;
      readonly resumed: boolean;
    }
  /** Start a background script on the state it was asked for in; nobody waits for it. */
  | { readonly kind: "run-background"; readonly command: CommandLine; readonly payload: CommandPayload }
  | { readonly kind: "restart-agent" }
  | { readonly kind: "arm"; readonly milliseconds: number; readonly step: number }
  | { readonly kind: "disarm" }
  /** End the process or transfer of the running step. */
  | { readonly kind: "abort" }
  /** Report the end of the sub-command as `moved`, now or when it comes. */
  | { readonly kind: "watch-sub"; readonly action: AwaitCompletionAction; readonly step: number }
  /**
   * Write the new state to the board and to disk, then `saved`. `spawn` joins the board in the same write; with `drop`, the sub-command
   * that was waited for leaves it in the same write.
   */
  | { readonly kind: "save"; readonly payload: CommandPayload; readonly spawn?: SubCommand; readonly drop: boolean }
  | { readonly kind: "publish"; readonly payload: CommandPayload }
  | { readonly kind: "begin-sub"; readonly sub: SubCommand }
  /** End sub-commands, take them off the board and clear their topics: the one that was waited for, or all. */
  | { readonly kind: "dismiss-subs"; readonly which: "awaited" | "all" }
  /** At its end: whoever waits for it may go on. */
  | { readonly kind: "ended" }
  /** Take it off the board and the disk. */
  | { readonly kind: "forget" };

/** What runs for a while and then reports where it leads. */
export type StepAction =
  | ScriptAction
  | SubOperationAction
  | AwaitCompletionAction
  | IterateAction
  | TransferAction
  | BuiltinStepAction;

type Next = Step<CommandLife, Effect>;

export function commandMachine(workflow: Workflow, payload: CommandPayload): Machine<CommandLife, Input, Effect> {
  return {
    initial: {
      phase: { kind: "new" },
      payload,
      step: 0,
      place: false,
      sub: false,
      resumed: false,
      stopping: false,
    },
    step: (life, input) => step(workflow, life, input),
  };
}

function step(workflow: Workflow, life: CommandLife, input: Input): Next {
  switch (input.kind) {
    case "begin":
      return life.phase.kind === "new" ? begin(workflow, life, input) : stay(life);
    case "turn":
      if (life.phase.kind === "queued") return act(workflow, { ...life, place: true });
      return stay(life, life.place ? [] : [{ kind: "leave-queue" }]);
    case "saved":
      return life.phase.kind === "saving" ? saved(workflow, life, life.phase.afterwards) : stay(life);
    case "moved":
      return moved(workflow, life, input);
    case "interrupted":
      return interrupted(life, input.step);
    case "timeout":
      return timedOut(workflow, life, input.step);
    case "clear":
      return clear(life);
    case "stop":
      return stop(life);
    default:
      return exhaustive(input);
  }
}

function begin(workflow: Workflow, life: CommandLife, input: Extract<Input, { kind: "begin" }>): Next {
  const begun = { ...life, sub: input.sub, resumed: input.origin === "resumed" };
  const next = enter(workflow, begun);
  return input.origin === "request"
    ? next
    : { ...next, effects: [{ kind: "publish", payload: life.payload }, ...next.effects] };
}

/** Comes into a state that is on disk and published. */
function enter(workflow: Workflow, life: CommandLife): Next {
  const action = actionOf(workflow, life);
  if (action.kind === "cleanup") {
    // What was at its end before the agent started has been logged then.
    const announced = life.resumed ? [] : [announce(life, action)];
    const effects: Effect[] = [...leaveQueue(life), ...announced, { kind: "ended" }];
    return { state: { ...life, phase: { kind: "ended" }, place: false }, effects };
  }
  if (action.kind === "await-operation-completion" && life.sub) return awaitSub(life, action);
  if (life.place) return act(workflow, life);
  return {
    state: { ...life, phase: { kind: "queued" } },
    effects: [{ kind: "enter-queue", ahead: life.step > 0 }],
  };
}

/** A parent that waits for its sub-command holds no place (spec/operations §5.1). */
function awaitSub(life: CommandLife, action: AwaitCompletionAction): Next {
  return {
    state: { ...life, phase: { kind: "waiting" }, place: false },
    effects: [
      ...leaveQueue(life),
      announce(life, action),
      ...arm(life, action.timeout),
      { kind: "watch-sub", action, step: life.step },
    ],
  };
}

/** Does what the state asks for, in its own turn. */
function act(workflow: Workflow, life: CommandLife): Next {
  const action = actionOf(workflow, life);
  const next = perform(workflow, life, action);
  return { ...next, effects: [announce(life, action), ...next.effects] };
}

function perform(workflow: Workflow, life: CommandLife, action: Action): Next {
  switch (action.kind) {
    case "proceed":
      return move(workflow, life, follow(action.onSuccess));
    case "builtin-operation":
      return move(workflow, life, follow(action.onExec));
    case "background-script":
      return move(workflow, life, follow(action.onExec), {
        afterwards: [{ kind: "run-background", command: action.command, payload: life.payload }],
      });
    case "restart-agent":
      return move(workflow, life, follow(action.onExec), { afterwards: [{ kind: "restart-agent" }] });
    case "await-agent-restart":
      return { state: { ...life, phase: { kind: "waiting" } }, effects: arm(life, action.timeout) };
    case "await-operation-completion":
      if (!action.builtin) return move(workflow, life, nothingAwaited(action.onError));
      return run(life, action, action.timeout);
    case "script":
    case "sub-operation":
    case "iterate":
    case "download":
    case "upload":
    case "builtin-step":
      return run(life, action, undefined);
    case "refuse":
      return move(workflow, life, { status: "failed", update: { reason: action.reason } });
    case "cleanup":
      return stay(life);
    default:
      return exhaustive(action);
  }
}

function run(life: CommandLife, action: StepAction, timeout: number | undefined): Next {
  const { payload, step, resumed } = life;
  return {
    state: { ...life, phase: { kind: "acting" } },
    effects: [...arm(life, timeout), { kind: "perform", action, payload, step, resumed }],
  };
}

function moved(workflow: Workflow, life: CommandLife, input: Extract<Input, { kind: "moved" }>): Next {
  if (input.step !== life.step) return stay(life);
  switch (life.phase.kind) {
    case "acting":
      return move(workflow, life, input.transition, input.sub === undefined ? {} : { spawn: input.sub });
    case "waiting":
      return move(workflow, life, input.transition, { drop: true });
    case "leaving":
      return left(life);
    default:
      return stay(life);
  }
}

interface Moving {
  readonly spawn?: SubCommand;
  /** The sub-command is done with. */
  readonly drop?: boolean;
  readonly afterwards?: readonly Effect[];
}

/** Goes to the next state: on disk first, then published, then acted upon. */
function move(workflow: Workflow, life: CommandLife, transition: Transition, moving: Moving = {}): Next {
  const { status, update } = workflow.states.has(transition.status) ? transition : lost(transition);
  const { spawn, drop = false } = moving;
  const payload = { ...life.payload, ...update, status };
  const afterwards: Effect[] = [
    ...(moving.afterwards ?? []),
    ...(spawn === undefined ? [] : [{ kind: "begin-sub", sub: spawn } as const]),
    ...(drop ? [{ kind: "dismiss-subs", which: "awaited" } as const] : []),
  ];
  return {
    state: {
      ...life,
      phase: { kind: "saving", afterwards },
      payload,
      step: life.step + 1,
      sub: spawn !== undefined || (life.sub && !drop),
      resumed: false,
    },
    effects: [{ kind: "disarm" }, { kind: "save", payload, drop, ...(spawn === undefined ? {} : { spawn }) }],
  };
}

function saved(workflow: Workflow, life: CommandLife, afterwards: readonly Effect[]): Next {
  const done: readonly Effect[] = [{ kind: "publish", payload: life.payload }, ...afterwards];
  if (life.stopping) {
    return { state: { ...life, phase: { kind: "stopped" }, place: false }, effects: [...done, ...leaveQueue(life)] };
  }
  const next = enter(workflow, life);
  return { ...next, effects: [...done, ...next.effects] };
}

function timedOut(workflow: Workflow, life: CommandLife, late: number): Next {
  const action = actionOf(workflow, life);
  if (late !== life.step || (life.phase.kind !== "acting" && life.phase.kind !== "waiting")) return stay(life);
  if (action.kind !== "await-operation-completion" && action.kind !== "await-agent-restart") return stay(life);
  const drop = action.kind === "await-operation-completion" && life.sub;
  const next = move(workflow, life, follow(action.onTimeout), { drop });
  return { ...next, effects: [{ kind: "abort" }, ...next.effects] };
}

/** The requester took the command back: what runs is ended and nothing more is published (spec/operations §15). */
function clear(life: CommandLife): Next {
  const farewell: readonly Effect[] = [{ kind: "disarm" }, { kind: "dismiss-subs", which: "all" }, { kind: "forget" }];
  switch (life.phase.kind) {
    case "acting":
      // The place stays taken until the process has ended.
      return { state: { ...life, phase: { kind: "leaving" } }, effects: [{ kind: "abort" }, ...farewell] };
    case "leaving":
    case "gone":
      return stay(life);
    case "queued":
      return { state: goneFrom(life), effects: [{ kind: "leave-queue" }, ...farewell] };
    default:
      return { state: goneFrom(life), effects: [...farewell, ...leaveQueue(life)] };
  }
}

function stop(life: CommandLife): Next {
  switch (life.phase.kind) {
    case "acting":
      return stay({ ...life, stopping: true }, [{ kind: "disarm" }, { kind: "abort" }]);
    case "saving":
      return stay({ ...life, stopping: true });
    case "queued":
      return stay({ ...life, phase: { kind: "stopped" } }, [{ kind: "leave-queue" }]);
    case "waiting":
      return stay({ ...life, phase: { kind: "stopped" }, place: false }, [{ kind: "disarm" }, ...leaveQueue(life)]);
    case "new":
    case "ended":
      return stay({ ...life, phase: { kind: "stopped" } });
    case "leaving":
    case "gone":
    case "stopped":
      return stay(life);
    default:
      return exhaustive(life.phase);
  }
}

function interrupted(life: CommandLife, which: number): Next {
  if (which !== life.step) return stay(life);
  if (life.phase.kind === "leaving") return left(life);
  if (life.phase.kind !== "acting") return stay(life);
  return { state: { ...life, phase: { kind: "stopped" }, place: false }, effects: leaveQueue(life) };
}

function left(life: CommandLife): Next {
  return { state: goneFrom(life), effects: leaveQueue(life) };
}

function goneFrom(life: CommandLife): CommandLife {
  return { ...life, phase: { kind: "gone" }, place: false, sub: false };
}

function actionOf(workflow: Workflow, { payload: { status } }: CommandLife): Action {
  return workflow.states.get(status) ?? { kind: "refuse", reason: unknownState(status) };
}

function lost({ status, update }: Transition): Transition {
  return { status: "failed", update: { ...update, reason: unknownState(status) } };
}

function unknownState(status: string): string {
  return `The workflow has no state ${status}`;
}

function nothingAwaited(onError: Handler): Transition {
  return follow({ status: onError.status, reason: onError.reason ?? "There is no sub-operation to wait for" });
}

function follow({ status, reason }: Handler): Transition {
  return { status, update: reason === undefined ? {} : { reason } };
}

function announce({ payload }: CommandLife, action: Action): Effect {
  return { kind: "announce", action, payload };
}

function arm(life: CommandLife, milliseconds: number | undefined): readonly Effect[] {
  return milliseconds === undefined ? [] : [{ kind: "arm", milliseconds, step: life.step }];
}

function leaveQueue(life: CommandLife): readonly Effect[] {
  return life.place ? [{ kind: "leave-queue" }] : [];
}

function stay(state: CommandLife, effects: readonly Effect[] = []): Next {
  return { state, effects };
}
