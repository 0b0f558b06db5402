import type { CancelTimer, Clock } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { drive } from "../../base/machine.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import { abortForStop } from "../agent-stops.ts";
import type { CommandAddress, CommandState } from "../command.ts";
import { logMove, logStep } from "../log-text.ts";
import type { Step, StepEnd } from "../steps/step.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import type { AwaitCompletionAction, Workflow } from "../workflow/definition.ts";
import { type CommandLife, commandMachine, type Effect, type Input } from "./command.machine.ts";
import type { Places } from "./places.ts";
import type { SubCommand } from "./sub-command.ts";

/** One command under execution: its machine, and the timer and process of its current step. */
export interface CommandRun {
  readonly address: CommandAddress;
  readonly life: CommandLife;
  send(input: Input): void;
}

/** What a run asks of those around it. Nothing here throws or waits. */
export interface RunWorld {
  readonly clock: Clock;
  readonly places: Places;
  /** Adds to the operation log of a command. */
  log(address: CommandAddress, text: string): void;
  /** Runs a step in the background and calls `ended` once. */
  runStep(step: Step, ended: (end: StepEnd) => void): void;
  runBackground(run: CommandRun, command: CommandLine, payload: CommandPayload): void;
  restartAgent(): void;
  /** Writes the new state, and what comes or goes with it, to the board and the disk; `saved` is called once it is there. */
  save(run: CommandRun, effect: Extract<Effect, { kind: "save" }>, saved: () => void): void;
  publish(address: CommandAddress, payload: CommandPayload): void;
  beginSub(sub: SubCommand): void;
  watchSub(parent: CommandRun, action: AwaitCompletionAction, step: number): void;
  dismissSubs(parent: CommandRun, which: "awaited" | "all"): void;
  ended(run: CommandRun): void;
  forget(run: CommandRun): void;
}

export function createRun(start: CommandState, workflow: Workflow, world: RunWorld): CommandRun {
  const { address } = start;
  const { clock, places } = world;
  const place = `${address.device} ${address.operation}`;
  let cancelTimer: CancelTimer = () => undefined;
  let step = new AbortController();

  const machine = drive(commandMachine(workflow, start.payload), perform);
  const run: CommandRun = {
    address,
    get life() {
      return machine.state;
    },
    send: (input) => machine.send(input),
  };
  return run;

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case "announce":
        return world.log(address, logStep({ address, payload: effect.payload }, effect.action, clock.now()));
      case "enter-queue":
        return places.enter(place, run, () => run.send({ kind: "turn" }), effect.ahead);
      case "leave-queue":
        return places.leave(place, run);
      case "perform":
        return beginStep(effect);
      case "run-background":
        return world.runBackground(run, effect.command, effect.payload);
      case "restart-agent":
        return world.restartAgent();
      case "arm":
        cancelTimer = clock.after(effect.milliseconds, () => run.send({ kind: "timeout", step: effect.step }));
        return;
      case "disarm":
        return cancelTimer();
      case "abort":
        return machine.state.stopping ? abortForStop(step) : step.abort();
      case "watch-sub":
        return world.watchSub(run, effect.action, effect.step);
      case "save":
        world.log(address, logMove({ address, payload: effect.payload }));
        return world.save(run, effect, () => run.send({ kind: "saved" }));
      case "publish":
        return world.publish(address, effect.payload);
      case "begin-sub":
        return world.beginSub(effect.sub);
      case "dismiss-subs":
        return world.dismissSubs(run, effect.which);
      case "ended":
        return world.ended(run);
      case "forget":
        return world.forget(run);
      default:
        return exhaustive(effect);
    }
  }

  function beginStep({ action, payload, step: number, resumed }: Extract<Effect, { kind: "perform" }>): void {
    step = new AbortController();
    const log = (text: string) => world.log(address, text);
    world.runStep({ action, command: { address, payload }, workflow, resumed, signal: step.signal, log }, (end) => {
      if (end.kind === "interrupted") return run.send({ kind: "interrupted", step: number });
      const { transition, sub } = end;
      run.send({ kind: "moved", step: number, transition, ...(sub === undefined ? {} : { sub }) });
    });
  }
}
