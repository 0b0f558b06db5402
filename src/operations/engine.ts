import { join } from "node:path";
import { type Clock, sleep } from "../base/clock.ts";
import { type DirectoryWatch, watchDirectory } from "../base/directory-watch.ts";
import { fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { retry } from "../base/retry.ts";
import { execWithSudo } from "../base/sudo.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { payloadText } from "../bus/message.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { BuiltinOperation, BuiltinSteps } from "./builtin-operation.ts";
import { createCapabilities } from "./capabilities.ts";
import { createBoard } from "./command/board.ts";
import { createCommandPublisher } from "./command/command-publisher.ts";
import { createDispatcher } from "./command/dispatcher.ts";
import { createPersistence } from "./command/persistence.ts";
import { prepareSubCommand } from "./command/prepare-sub-command.ts";
import { createRequestDesk } from "./command/request-desk.ts";
import { resumeBoard } from "./command/resume-board.ts";
import type { CommandAddress } from "./command.ts";
import { type CommandScope, deviceScope } from "./command-scope.ts";
import { type Disk, realDisk } from "./disk.ts";
import { createOperationLog, type LogLimits } from "./operation-log.ts";
import type { Exec } from "./steps/run-program.ts";
import type { Transfer } from "./steps/transfer.ts";
import { createTasks } from "./tasks.ts";
import { createLibrary } from "./workflow/workflow-library.ts";

export interface OperationsOptions {
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** Default: the device itself. */
  readonly scope?: CommandScope;
  /** The service whose signals are obeyed. */
  readonly agentService: EntityId;
  readonly directories: OperationsDirectories;
  readonly maxLogs: LogLimits;
  readonly publish: Publish;
  readonly transfer: Transfer;
  readonly builtins: readonly BuiltinOperation[];
  /** Operations that are not taken, whatever defines them: `agent.enable.*`. Their commands under execution go on. */
  readonly disabled?: readonly string[];
  /** Steps of operations that exist only where a definition file makes them. */
  readonly workflowSteps?: ReadonlyMap<string, BuiltinSteps>;
  readonly clock: Clock;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** A workflow wants the agent to end with an error, so that its service manager starts it again. */
  readonly onRestartRequested: () => void;
  /** What the simulation replaces. */
  readonly world?: OperationsWorld;
}

export interface OperationsDirectories {
  /** Definitions of the user: `<config_dir>/operations`. */
  readonly workflows: string;
  /** `agent.state.path` */
  readonly state: string;
  /** `<logs.path>/agent` */
  readonly logs: string;
  /** `tmp.path` */
  readonly tmp: string;
}

export interface OperationsWorld {
  readonly disk: Disk;
  readonly exec: Exec;
  readonly watch: (directory: string, changed: () => void) => Result<DirectoryWatch>;
}

/** The operations of one device. */
export interface Operations {
  readonly participant: Participant;
  /** Reads definitions and the board. Nothing is published yet. */
  open(signal: AbortSignal): Promise<Result<undefined>>;
  /** Publishes capabilities, takes up what was under execution, then the messages that came meanwhile (spec/operations §1). */
  start(): void;
  /** Ends running scripts and waits at most `timeout` milliseconds for them; what is not done then goes on at the next start. */
  stop(timeout: number): Promise<void>;
}

/** A disk that hiccups must not make an operation unknown. */
const RESCAN = {
  policy: { initial: 100, maximum: 1_000, factor: 3, jitter: 0.2 },
  attempts: 5,
  isRetriable: () => true,
} as const;

/** Capabilities come first, but plugins that take longer to tell what they can do hold up no command. */
const LONGEST_ANNOUNCEMENT = 10_000;

/** Everything that does the operations of one device; the state machine of a command is in command/command.machine.ts. */
export function createOperations(options: OperationsOptions): Operations {
  const { schema, agentService, directories, clock, log } = options;
  const scope = options.scope ?? deviceScope(options.device);
  const { disk, exec: run, watch } = options.world ?? realWorld(clock);
  const now = () => clock.now();
  const tasks = createTasks(log);
  const background = createTasks(log);
  const builtins = new Map(options.builtins.map((builtin) => [builtin.operation, builtin]));
  const enabled = options.builtins.filter(({ operation }) => options.disabled?.includes(operation) !== true);
  const address = (topic: string) => commandAddress(topic, schema, scope);
  const addressOf = (entity: EntityId, operation: string, id: string): CommandAddress => {
    const topic = schema.topic(entity, { kind: "command", operation, id });
    return { topic, root: schema.root, device: entity, operation, id };
  };
  const stateFile = (name: string) => join(directories.state, `${scope.prefix}${name}`);

  const library = createLibrary({
    definitions: directories.workflows,
    copies: stateFile("workflows-in-use"),
    builtins: [...builtins.keys()],
    disabled: options.disabled ?? [],
    accepts: scope.accepts,
    disk,
    log,
  });
  const board = createBoard({ path: stateFile("workflows"), disk, now, log });
  const persistence = createPersistence({ board, clock, random: options.random, log });
  const operationLog = createOperationLog({ directory: directories.logs, limits: options.maxLogs, disk, now, log });
  const publisher = createCommandPublisher(options.publish, background);
  const stopped = new AbortController();
  const capabilities = createCapabilities({
    operations: () => library.operations().filter(scope.announces),
    builtins,
    topic: (operation) => schema.topic(scope.owner, { kind: "capability", operation }),
    publish: options.publish,
    path: stateFile("capabilities.json"),
    disk,
    stopped: stopped.signal,
    tasks,
    background,
    log,
  });
  const rescan = () => retry(() => library.rescan(), { ...RESCAN, clock, random: options.random });
  const refresh = async () => {
    const changed = await rescan();
    if (changed.ok) capabilities.update(changed.value.filter(scope.announces));
    else log.error("The workflow definitions cannot be read", changed.fault);
  };
  const dispatcher = createDispatcher({
    board,
    persistence,
    publisher,
    library,
    operationLog,
    disk,
    tasks,
    background,
    address,
    clock,
    log,
    onRestartRequested: options.onRestartRequested,
    onEnded: (operation) => capabilities.update(refreshedAfter(operation, enabled)),
    steps: {
      exec: run,
      transfer: options.transfer,
      builtins,
      builtinStep: (operation, step) =>
        (builtins.get(operation)?.steps ?? options.workflowSteps?.get(operation))?.get(step),
      tmp: directories.tmp,
      clock,
      prepareSub: (parent, operation, input) =>
        prepareSubCommand(parent, operation, input, {
          library,
          operationLog,
          refresh,
          address: (name, id) => addressOf(parent.address.device, name, id),
        }),
    },
  });
  const desk = createRequestDesk({ board, persistence, library, publisher, dispatcher, operationLog, refresh, log });

  const started = Promise.withResolvers<void>();
  let watcher: DirectoryWatch | undefined;

  const takeUp = async () => {
    const over = new AbortController();
    stopped.signal.addEventListener("abort", () => over.abort());
    tasks.run(() => capabilities.announce().finally(() => over.abort()));
    await sleep(clock, LONGEST_ANNOUNCEMENT, over.signal);
    dispatcher.resume(await resumeBoard({ board, persistence, library, address, log }));
    started.resolve();
  };

  const obey = (signal: string) => {
    const operations = refreshedBy(signal, enabled);
    capabilities.update(operations);
    if (operations.length === 0 && signal.startsWith("sync")) log.warn(`Nothing is done at the signal ${signal}`);
  };

  const participant: Participant = {
    name: `${scope.prefix}operations`,
    subscriptions: [
      { filter: `${schema.root}/${scope.filter}/cmd/+/+`, qos: 1 },
      ...(scope.obeysSignals ? [{ filter: `${schema.root}/${agentService}/signal/+`, qos: 1 } as const] : []),
    ],
    async receive(message) {
      await started.promise;
      const signal = schema.parse(message.topic);
      if (signal?.entity === agentService && signal.channel.kind === "signal") {
        return obey(signal.channel.type);
      }
      const command = address(message.topic);
      if (command !== undefined) await desk.receive(command, payloadText(message));
    },
    async connected({ first, sessionPresent }) {
      if (first || sessionPresent) return;
      capabilities.update(library.operations().filter(scope.announces));
      dispatcher.republish();
    },
  };

  return {
    participant,
    async open(signal) {
      const made = await disk.makeDirectory(directories.workflows);
      if (!made.ok) log.warn("There is no directory for workflow definitions", made.fault);
      const opened = await library.open();
      if (!opened.ok) return opened;
      const scanned = await rescan();
      if (!scanned.ok) log.error("The workflow definitions cannot be read", scanned.fault);
      const loaded = await board.load();
      if (!loaded.ok) return loaded;
      return signal.aborted ? err(fault("aborted", "Stopped before the operations were read")) : ok();
    },
    start() {
      const watched = watch(directories.workflows, () => tasks.run(refresh));
      if (watched.ok) watcher = watched.value;
      else log.warn("Definitions are read again only when a command asks for them", watched.fault);
      for (const builtin of enabled) {
        builtin.watch?.(() => capabilities.update([builtin.operation]), stopped.signal);
      }
      tasks.run(takeUp);
    },
    async stop(timeout) {
      stopped.abort();
      watcher?.close();
      dispatcher.stop();
      const late = new AbortController();
      const settled = tasks.idle().then(() => operationLog.flushed());
      await Promise.race([settled, sleep(clock, timeout, late.signal)]);
      late.abort();
      persistence.abandon();
    },
  };
}

function realWorld(clock: Clock): OperationsWorld {
  return {
    disk: realDisk,
    exec: execWithSudo,
    watch: (directory, changed) => watchDirectory(directory, clock, changed),
  };
}

function commandAddress(topic: string, schema: TopicSchema, scope: CommandScope): CommandAddress | undefined {
  const parsed = schema.parse(topic);
  if (parsed === undefined || parsed.channel.kind !== "command" || !scope.includes(parsed.entity)) return undefined;
  const { operation, id } = parsed.channel;
  return operation === "" || id === "" ? undefined : { topic, root: schema.root, device: parsed.entity, operation, id };
}

function refreshedBy(signal: string, builtins: readonly BuiltinOperation[]): string[] {
  return builtins.filter(({ refreshOn }) => refreshOn?.includes(signal)).map(({ operation }) => operation);
}

function refreshedAfter(ended: string, builtins: readonly BuiltinOperation[]): string[] {
  return builtins.filter(({ refreshAfter }) => refreshAfter?.includes(ended)).map(({ operation }) => operation);
}
