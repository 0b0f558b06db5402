import { type Clock, sleep } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { isFinal } from "../../bus/payload/command.ts";
import { type CommandAddress, type CommandState, isSubCommand } from "../command.ts";
import type { Disk } from "../disk.ts";
import { logProcess } from "../log-text.ts";
import type { OperationLog } from "../operation-log.ts";
import { runProgram } from "../steps/run-program.ts";
import { runStep, type StepEnd, type StepWorld } from "../steps/step.ts";
import type { Tasks } from "../tasks.ts";
import type { Workflow } from "../workflow/definition.ts";
import { fillCommandLine } from "../workflow/template.ts";
import { versionKey, type WorkflowLibrary } from "../workflow/workflow-library.ts";
import type { Board } from "./board.ts";
import type { CommandPublisher } from "./command-publisher.ts";
import { type CommandRun, createRun, type RunWorld } from "./command-run.ts";
import { removeDownloads } from "./downloads.ts";
import type { Persistence } from "./persistence.ts";
import { createPlaces } from "./places.ts";
import { createSubCommands } from "./sub-commands.ts";

/** Everything that commands share. */
export interface DispatcherOptions {
  readonly board: Board;
  readonly persistence: Persistence;
  readonly publisher: CommandPublisher;
  readonly library: WorkflowLibrary;
  readonly operationLog: OperationLog;
  readonly steps: StepWorld;
  readonly disk: Disk;
  /** Work that a stop waits for. */
  readonly tasks: Tasks;
  /** Work that nobody waits for. */
  readonly background: Tasks;
  readonly address: (topic: string) => CommandAddress | undefined;
  readonly onRestartRequested: () => void;
  /** A command of this operation came to its end, or was cleared before. */
  readonly onEnded: (operation: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs the commands of the board side by side and connects parents with their sub-commands. */
export interface Dispatcher {
  /** Starts a command that is on the board and on disk. */
  accept(command: CommandState, workflow: Workflow): void;
  /** Takes up commands that were found on the board, all before any of them acts. */
  resume(commands: readonly { readonly command: CommandState; readonly workflow: Workflow }[]): void;
  /** The requester cleared a command. */
  clear(topic: string): void;
  /** Publishes the state of every command again. */
  republish(): void;
  /** Ends what runs; nothing new begins. `tasks` get idle once all is on disk. */
  stop(): void;
}

/** A background script may take the connection down: the state before it gets this long to reach the broker. */
const DELIVERY_LIMIT = 5_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { board, persistence, publisher, library, operationLog, steps, disk, tasks, background, clock, log } = options;
  const runs = new Map<string, CommandRun>();
  const places = createPlaces();
  let stopping = false;

  /** Definitions that no unfinished command follows any more are not kept. */
  const releaseWorkflows = () => {
    tasks.run(() => library.release((key) => board.topics().some((topic) => keyOf(topic) === key)));
  };
  const keyOf = (topic: string): string | undefined => {
    const payload = board.get(topic)?.payload;
    const address = options.address(topic);
    if (payload === undefined || address === undefined || isFinal(payload)) return undefined;
    return versionKey({ operation: address.operation, version: String(payload["@version"]) });
  };

  const cleanUp = ({ address, life: { payload } }: CommandRun) => {
    releaseWorkflows();
    if (!isSubCommand(address)) tasks.run(() => removeDownloads(address, steps.tmp, disk, log));
    for (const builtin of steps.builtins.values()) {
      if (builtin.cleanUp !== undefined) tasks.run(async () => builtin.cleanUp?.({ address, payload }));
    }
  };

  const subs = createSubCommands({ board, runs, publisher });

  /** An earlier sub-command of the same parent that nobody waited for makes room: the topic is the same. */
  const place = ({ address: { topic }, payload }: CommandState) => {
    runs.get(topic)?.send({ kind: "clear" });
    board.put(topic, payload);
  };

  const world: RunWorld = {
    clock,
    places,
    log: (address, text) => operationLog.write(address, text),
    runStep(step, ended) {
      tasks.run(async () => {
        // What a step does may end this process or the whole machine: the log tells beforehand what it was.
        await operationLog.flushed();
        const end: StepEnd = step.signal.aborted ? { kind: "interrupted" } : await runStep(step, steps);
        ended(end);
        if (end.kind === "moved" && end.sub !== undefined) library.settle(end.sub.workflow);
      });
    },
    runBackground({ address }, command, payload) {
      background.run(async () => {
        const late = new AbortController();
        await Promise.race([publisher.settled(address.topic), sleep(clock, DELIVERY_LIMIT, late.signal)]);
        late.abort();
        await operationLog.flushed();
        const words = fillCommandLine(command, { address, payload });
        const never = new AbortController().signal;
        operationLog.write(address, logProcess(await runProgram(words, { signal: never, clock, exec: steps.exec })));
      });
    },
    restartAgent: () => options.onRestartRequested(),
    save(run, { payload, spawn, drop }, saved) {
      board.put(run.address.topic, payload);
      if (spawn !== undefined) place(spawn.command);
      if (drop) subs.drop(run);
      tasks.run(async () => {
        if (await persistence.save()) saved();
      });
    },
    publish: ({ topic }, payload) => publisher.state(topic, payload),
    beginSub({ command, workflow }) {
      if (!stopping) add(command, workflow).send({ kind: "begin", origin: "spawned", sub: false });
    },
    watchSub: (parent, action, step) => subs.watch(parent, action, step),
    dismissSubs: (parent, which) => subs.dismiss(parent, which),
    ended(run) {
      subs.ended(run);
      cleanUp(run);
      if (!run.life.resumed) options.onEnded(run.address.operation);
    },
    forget(run) {
      const { topic } = run.address;
      if (runs.get(topic) === run) {
        runs.delete(topic);
        if (board.get(topic) !== undefined) {
          board.remove(topic);
          tasks.run(async () => void (await persistence.save()));
        }
      }
      // The broker may keep a state of ours that it got after the clear; and nobody else clears sub-commands.
      if (isSubCommand(run.address) || publisher.isOut(topic)) publisher.clear(topic);
      subs.forgotten(run);
      cleanUp(run);
      if (run.life.phase.kind === "leaving") options.onEnded(run.address.operation);
    },
  };

  const add = (command: CommandState, workflow: Workflow): CommandRun => {
    const run = createRun(command, workflow, world);
    runs.set(command.address.topic, run);
    return run;
  };

  return {
    accept(command, workflow) {
      if (!stopping) add(command, workflow).send({ kind: "begin", origin: "request", sub: false });
    },
    resume(commands) {
      if (stopping) return;
      const found = commands.map(({ command, workflow }) => add(command, workflow));
      for (const run of found) run.send({ kind: "begin", origin: "resumed", sub: subs.has(run) });
    },
    clear(topic) {
      const run = runs.get(topic);
      if (run === undefined) board.remove(topic);
      else run.send({ kind: "clear" });
    },
    republish() {
      for (const topic of board.topics()) {
        const run = runs.get(topic);
        const payload = board.get(topic)?.payload;
        if (run !== undefined && run.life.phase.kind !== "saving" && payload !== undefined) {
          publisher.state(topic, payload);
        }
      }
    },
    stop() {
      stopping = true;
      places.close();
      for (const run of [...runs.values()]) run.send({ kind: "stop" });
    },
  };
}
