import type { Clock } from "../../base/clock.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import { type CommandRun, createRun, type RunWorld } from "../command/command-run.ts";
import { createPlaces } from "../command/places.ts";
import { resumeCommand } from "../command/resume.ts";
import { createSubCommands } from "../command/sub-commands.ts";
import { type CommandAddress, type CommandState, commandChain, isSubCommand } from "../command.ts";
import type { Exec } from "../steps/run-program.ts";
import { runStep } from "../steps/step.ts";
import { builtinWorkflow } from "../workflow/builtin-workflow.ts";
import type { Workflow } from "../workflow/definition.ts";
import { fillCommandLine } from "../workflow/template.ts";
import { createOutcomeDesk, type Outcomes } from "./outcomes.ts";
import type { RehearsalEvent } from "./rehearsal-event.ts";
import { rehearsalSteps } from "./rehearsal-steps.ts";

/** How it ended: with a payload in a state without action, or not at all. */
export type RehearsalEnd =
  | { readonly kind: "ended"; readonly payload: CommandPayload }
  | { readonly kind: "endless" }
  | { readonly kind: "interrupted" };

export interface RehearsalOptions {
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** Definitions of sub-operations by name; any other is taken for a built-in one. */
  readonly workflows: ReadonlyMap<string, Workflow>;
  readonly outcomes: Outcomes;
  /** Really runs scripts, except those in the background. */
  readonly exec?: Exec;
  readonly clock: Clock;
  /** So many states are gone through, those of sub-commands included. */
  readonly limit: number;
  readonly tell: (event: RehearsalEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Goes with a command through its workflow as the agent does, by the same machine and the same steps, in a world where nothing is published,
 * stored, moved or restarted. Never rejects.
 */
export function rehearse(start: CommandState, workflow: Workflow, options: RehearsalOptions): Promise<RehearsalEnd> {
  const { tell, signal, clock, schema, device } = options;
  const end = Promise.withResolvers<RehearsalEnd>();
  const runs = new Map<string, CommandRun>();
  const workflows = new Map<CommandRun, Workflow>();
  const places = createPlaces();
  const desk = createOutcomeDesk(options.outcomes);
  const board = { topics: () => [...runs.keys()], remove: () => undefined };
  const subs = createSubCommands({ board, runs, publisher: { clear: () => undefined } });
  let left = options.limit;
  let over = false;

  const finish = (how: RehearsalEnd) => {
    over = true;
    places.close();
    for (const run of [...runs.values()]) run.send({ kind: "stop" });
    end.resolve(how);
  };

  const tellState = (address: CommandAddress, payload: CommandPayload, followed: Workflow) =>
    tell({ kind: "state", chain: chainOf(address), payload, workflow: followed });

  const add = (command: CommandState, followed: Workflow): CommandRun => {
    const run = createRun(command, followed, world);
    runs.set(command.address.topic, run);
    workflows.set(run, followed);
    tellState(command.address, command.payload, followed);
    return run;
  };

  /** Nothing else would ever come to a command that waits for the restart of the agent. */
  const comeBack = (run: CommandRun) => {
    const { address, life } = run;
    const followed = workflows.get(run);
    const { status } = life.payload;
    if (life.phase.kind !== "waiting" || followed?.states.get(status)?.kind !== "await-agent-restart") return;
    const outcome = desk.other({ address, payload: life.payload });
    const text = outcome.ok ? "the agent restarts" : "the agent does not restart in time";
    tell({ kind: "note", chain: chainOf(address), state: status, text });
    if (!outcome.ok) return run.send({ kind: "timeout", step: life.step });
    run.send({ kind: "stop" });
    const sub = subs.has(run);
    const persisted = { address, payload: life.payload, since: Math.floor(clock.now() / 1_000) };
    const payload = resumeCommand(persisted, { find: () => followed, current: () => followed });
    add({ address, payload }, followed).send({ kind: "begin", origin: "resumed", sub });
  };

  const world: RunWorld = {
    // The end of a wait is given by `comeBack`, or by the end of a sub-command.
    clock: { ...clock, after: () => () => undefined },
    places,
    log: () => undefined,
    runStep(step, ended) {
      const { address, payload } = step.command;
      const about = { chain: chainOf(address), state: payload.status };
      const known = (operation: string) => options.workflows.get(operation) ?? builtinWorkflow(operation);
      const steps = rehearsalSteps(step, { ...options, desk, about, known, address: addressOf });
      void runStep(step, steps).then((how) => {
        if (!over) ended(how);
      });
    },
    runBackground({ address }, command, payload) {
      const words = fillCommandLine(command, { address, payload });
      tell({ kind: "program", chain: chainOf(address), state: payload.status, command: words });
    },
    restartAgent: () => undefined,
    save(run, { payload, spawn, drop }, saved) {
      const followed = workflows.get(run);
      if (followed === undefined) return;
      if (left === 0) return finish({ kind: "endless" });
      left -= 1;
      if (spawn !== undefined) runs.get(spawn.command.address.topic)?.send({ kind: "clear" });
      if (drop) subs.drop(run);
      tellState(run.address, payload, followed);
      queueMicrotask(() => {
        if (over) return;
        saved();
        comeBack(run);
      });
    },
    publish: () => undefined,
    beginSub: ({ command, workflow: followed }) =>
      add(command, followed).send({ kind: "begin", origin: "spawned", sub: false }),
    watchSub: (parent, action, step) => subs.watch(parent, action, step),
    dismissSubs: (parent, which) => subs.dismiss(parent, which),
    ended(run) {
      subs.ended(run);
      if (!isSubCommand(run.address)) finish({ kind: "ended", payload: run.life.payload });
    },
    forget(run) {
      if (runs.get(run.address.topic) === run) runs.delete(run.address.topic);
      subs.forgotten(run);
    },
  };

  function addressOf(operation: string, id: string): CommandAddress {
    const topic = schema.topic(device, { kind: "command", operation, id });
    return { topic, root: schema.root, device, operation, id };
  }

  signal.addEventListener("abort", () => finish({ kind: "interrupted" }), { once: true });
  add(start, workflow).send({ kind: "begin", origin: "request", sub: false });
  return end.promise;
}

function chainOf(address: CommandAddress): string {
  return commandChain(address).operations.join(" > ");
}
