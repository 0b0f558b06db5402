import { type BackoffPolicy, backoffDelay } from "../base/backoff.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Fault } from "../base/fault.ts";
import type { Machine, Step } from "../base/machine.ts";

/** How the units of one process live and die together (spec/bridges-and-mappers §13). Units are named by their place in the list. */
export interface SupervisorOptions {
  /** In the order of starting: the agent first. Only mappers are restarted on demand. */
  readonly units: readonly { readonly mapper: boolean }[];
  /** One unit alone in its process: a crash ends the process, so that the service manager starts it anew. */
  readonly standalone: boolean;
}

export interface SupervisorState {
  readonly mode: "running" | "draining" | "over";
  /** Exit code that the process will end with. */
  readonly exit: number;
  readonly units: readonly UnitState[];
}

export interface UnitState {
  readonly phase: UnitPhase;
  /** Counts the instances, so that a late word of an older one is told from a word of the present one. */
  readonly generation: number;
  /** Monotonic times of the restarts after a crash within the last minute, oldest first. */
  readonly restarts: readonly number[];
}

export type UnitPhase =
  | { readonly kind: "idle" }
  | { readonly kind: "starting" }
  | { readonly kind: "up" }
  /** The old instance lets go; then `delay` milliseconds pass before the new one. */
  | { readonly kind: "restarting"; readonly delay: number }
  | { readonly kind: "waiting" }
  /** The last instance lets go, no other will follow. */
  | { readonly kind: "giving-up" }
  | { readonly kind: "given-up" }
  | { readonly kind: "stopping" }
  | { readonly kind: "stopped" };

/** `at` is the monotonic clock in milliseconds. */
export type SupervisorInput =
  | { readonly kind: "start" }
  | { readonly kind: "up"; readonly unit: number; readonly generation: number }
  | {
      readonly kind: "crashed";
      readonly unit: number;
      readonly generation: number;
      readonly fault: Fault;
      readonly at: number;
    }
  | { readonly kind: "released"; readonly unit: number }
  | { readonly kind: "waited"; readonly unit: number; readonly at: number }
  | { readonly kind: "restart-mappers" }
  | { readonly kind: "drain"; readonly exit: number }
  | { readonly kind: "drained-too-long" };

export type SupervisorEffect =
  | { readonly kind: "build"; readonly unit: number; readonly generation: number }
  /** Ends the instance, however far it came; answered by `released`. */
  | { readonly kind: "release"; readonly unit: number }
  /** Answered by `waited`. */
  | { readonly kind: "wait"; readonly unit: number; readonly delay: number }
  | { readonly kind: "cancel-wait"; readonly unit: number }
  | { readonly kind: "limit-drain"; readonly limit: number }
  | { readonly kind: "tell"; readonly notice: SupervisorNotice }
  | { readonly kind: "exit"; readonly code: number };

export type SupervisorNotice =
  | { readonly kind: "up"; readonly unit: number }
  | { readonly kind: "crashed"; readonly unit: number; readonly fault: Fault; readonly retryIn?: number }
  | { readonly kind: "gave-up"; readonly unit: number; readonly fault: Fault }
  | { readonly kind: "restarting"; readonly unit: number }
  | { readonly kind: "restart-ignored" }
  | { readonly kind: "all-gave-up" }
  | { readonly kind: "drain-cut-short" };

/** A crash when so many restarts lie within the window is one too many. */
export const RESTARTS = 5;
export const RESTART_WINDOW = 60_000;
/** For all units together. */
export const DRAIN_LIMIT = 75_000;

const RESTART_BACKOFF: BackoffPolicy = { initial: 1_000, maximum: 60_000, factor: 2, jitter: 0 };

type SupervisorStep = Step<SupervisorState, SupervisorEffect>;

export function supervisorMachine(
  options: SupervisorOptions,
): Machine<SupervisorState, SupervisorInput, SupervisorEffect> {
  return {
    initial: {
      mode: "running",
      exit: 0,
      units: options.units.map(() => ({ phase: { kind: "idle" }, generation: 0, restarts: [] })),
    },
    step: (state, input) => (state.mode === "over" ? { state, effects: [] } : step(options, state, input)),
  };
}

function step(options: SupervisorOptions, state: SupervisorState, input: SupervisorInput): SupervisorStep {
  switch (input.kind) {
    case "start":
      return eachUnit(state, (unit, index) => (unit.phase.kind === "idle" ? rebuild(unit, index) : same(unit)));
    case "up":
      return oneUnit(state, input.unit, (unit) => up(unit, input));
    case "crashed":
      return crashed(options, state, input);
    case "released":
      return released(state, input.unit);
    case "waited":
      return oneUnit(state, input.unit, (unit) => waited(unit, input));
    case "restart-mappers":
      return restartMappers(options, state);
    case "drain":
      return drain(state, input.exit);
    case "drained-too-long":
      return state.mode === "draining"
        ? over(state, Math.max(1, state.exit), [{ kind: "drain-cut-short" }])
        : keep(state);
    default:
      return exhaustive(input);
  }
}

function up(unit: UnitState, input: { readonly unit: number; readonly generation: number }): UnitStep {
  if (unit.phase.kind !== "starting" || unit.generation !== input.generation) return same(unit);
  return enter(unit, { kind: "up" }, [{ kind: "tell", notice: { kind: "up", unit: input.unit } }]);
}

function crashed(
  options: SupervisorOptions,
  state: SupervisorState,
  input: Extract<SupervisorInput, { kind: "crashed" }>,
): SupervisorStep {
  const { unit: index, fault, at } = input;
  const unit = state.units[index];
  if (state.mode !== "running" || unit === undefined || !isLive(unit) || unit.generation !== input.generation) {
    return keep(state);
  }
  if (options.standalone) {
    return after([{ kind: "tell", notice: { kind: "crashed", unit: index, fault } }], drain(state, 1));
  }
  const restarts = recent(unit.restarts, at);
  if (restarts.length >= RESTARTS) {
    return setUnit(state, index, { ...unit, restarts, phase: { kind: "giving-up" } }, [
      { kind: "tell", notice: { kind: "gave-up", unit: index, fault } },
      { kind: "release", unit: index },
    ]);
  }
  const delay = backoffDelay(RESTART_BACKOFF, restarts.length + 1, 0);
  return setUnit(state, index, { ...unit, restarts, phase: { kind: "restarting", delay } }, [
    { kind: "tell", notice: { kind: "crashed", unit: index, fault, retryIn: delay } },
    { kind: "release", unit: index },
  ]);
}

function released(state: SupervisorState, index: number): SupervisorStep {
  const unit = state.units[index];
  switch (unit?.phase.kind) {
    case "restarting": {
      const { delay } = unit.phase;
      if (delay === 0) return oneUnit(state, index, () => rebuild(unit, index));
      return setUnit(state, index, { ...unit, phase: { kind: "waiting" } }, [{ kind: "wait", unit: index, delay }]);
    }
    case "giving-up":
      return endWhenAllGaveUp(setUnit(state, index, { ...unit, phase: { kind: "given-up" } }, []));
    case "stopping":
      return drainNext(setUnit(state, index, { ...unit, phase: { kind: "stopped" } }, []).state);
    default:
      return keep(state);
  }
}

function endWhenAllGaveUp(done: SupervisorStep): SupervisorStep {
  if (!done.state.units.every((unit) => unit.phase.kind === "given-up")) return done;
  return over(done.state, 1, [{ kind: "all-gave-up" }]);
}

function waited(unit: UnitState, input: { readonly unit: number; readonly at: number }): UnitStep {
  if (unit.phase.kind !== "waiting") return same(unit);
  return rebuild({ ...unit, restarts: [...recent(unit.restarts, input.at), input.at] }, input.unit);
}

function restartMappers(options: SupervisorOptions, state: SupervisorState): SupervisorStep {
  if (state.mode !== "running") return keep(state);
  if (options.standalone) return after([{ kind: "tell", notice: { kind: "restart-ignored" } }], keep(state));
  return eachUnit(state, (unit, index) => (options.units[index]?.mapper === true ? restart(unit, index) : same(unit)));
}

/** A unit that is being restarted already will read the configuration anew anyway. */
function restart(unit: UnitState, index: number): UnitStep {
  const tell: SupervisorEffect = { kind: "tell", notice: { kind: "restarting", unit: index } };
  switch (unit.phase.kind) {
    case "starting":
    case "up":
      return enter(unit, { kind: "restarting", delay: 0 }, [tell, { kind: "release", unit: index }]);
    case "giving-up":
      return enter({ ...unit, restarts: [] }, { kind: "restarting", delay: 0 }, [tell]);
    case "given-up": {
      const revived = rebuild({ ...unit, restarts: [] }, index);
      return { unit: revived.unit, effects: [tell, ...revived.effects] };
    }
    default:
      return same(unit);
  }
}

function drain(state: SupervisorState, exit: number): SupervisorStep {
  if (state.mode !== "running") return keep(state);
  return after([{ kind: "limit-drain", limit: DRAIN_LIMIT }], drainNext({ ...state, mode: "draining", exit }));
}

/** Lets go of the last unit that still holds something, one at a time, until none is left. */
function drainNext(state: SupervisorState): SupervisorStep {
  const index = state.units.findLastIndex((unit) => unit.phase.kind !== "stopped");
  const unit = state.units[index];
  if (unit === undefined) return over(state, state.exit, []);
  switch (unit.phase.kind) {
    case "starting":
    case "up":
      return setUnit(state, index, { ...unit, phase: { kind: "stopping" } }, [{ kind: "release", unit: index }]);
    case "restarting":
    case "giving-up":
      return setUnit(state, index, { ...unit, phase: { kind: "stopping" } }, []);
    case "waiting":
      return after([{ kind: "cancel-wait", unit: index }], drainNext(stoppedUnit(state, index, unit)));
    case "idle":
    case "given-up":
      return drainNext(stoppedUnit(state, index, unit));
    default:
      return keep(state);
  }
}

function stoppedUnit(state: SupervisorState, index: number, unit: UnitState): SupervisorState {
  return setUnit(state, index, { ...unit, phase: { kind: "stopped" } }, []).state;
}

function over(state: SupervisorState, code: number, notices: readonly SupervisorNotice[]): SupervisorStep {
  return {
    state: { ...state, mode: "over", exit: code },
    effects: [...notices.map((notice) => ({ kind: "tell" as const, notice })), { kind: "exit", code }],
  };
}

function isLive(unit: UnitState): boolean {
  return unit.phase.kind === "starting" || unit.phase.kind === "up";
}

function recent(restarts: readonly number[], at: number): readonly number[] {
  return restarts.filter((restart) => at - restart < RESTART_WINDOW);
}

interface UnitStep {
  readonly unit: UnitState;
  readonly effects: readonly SupervisorEffect[];
}

function rebuild(unit: UnitState, index: number): UnitStep {
  const generation = unit.generation + 1;
  return enter({ ...unit, generation }, { kind: "starting" }, [{ kind: "build", unit: index, generation }]);
}

function enter(unit: UnitState, phase: UnitPhase, effects: readonly SupervisorEffect[]): UnitStep {
  return { unit: { ...unit, phase }, effects };
}

function same(unit: UnitState): UnitStep {
  return { unit, effects: [] };
}

function eachUnit(state: SupervisorState, change: (unit: UnitState, index: number) => UnitStep): SupervisorStep {
  const steps = state.units.map(change);
  return {
    state: { ...state, units: steps.map(({ unit }) => unit) },
    effects: steps.flatMap(({ effects }) => effects),
  };
}

function oneUnit(state: SupervisorState, index: number, change: (unit: UnitState) => UnitStep): SupervisorStep {
  return eachUnit(state, (unit, at) => (at === index ? change(unit) : same(unit)));
}

function setUnit(
  state: SupervisorState,
  index: number,
  unit: UnitState,
  effects: readonly SupervisorEffect[],
): SupervisorStep {
  return oneUnit(state, index, () => ({ unit, effects }));
}

function after(effects: readonly SupervisorEffect[], next: SupervisorStep): SupervisorStep {
  return { state: next.state, effects: [...effects, ...next.effects] };
}

function keep(state: SupervisorState): SupervisorStep {
  return { state, effects: [] };
}
