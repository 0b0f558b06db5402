import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { type Fault, fault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ReceivedMessage } from "../bus/message.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import { createCommitQueue } from "./commit-queue.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createJournalKeeper } from "./journal-keeper.ts";
import { journalLine } from "./journal-lines.ts";
import { messageDesk } from "./message-desk.ts";
import { createOwnPublications } from "./own-publications.ts";
import { pacedPublisher } from "./paced-publisher.ts";
import { effectPerformer } from "./perform-effects.ts";
import { type MessageTopic, readTopic } from "./read-message.ts";
import { publishRegistration } from "./reconcile.ts";
import { registryMachine } from "./registry.machine.ts";
import type { RegistryEffect, StoreEffect } from "./registry-effect.ts";
import { createRegistryState, type RegistryState } from "./registry-state.ts";
import { retainedIntake } from "./retained-intake.ts";
import { retainedSearch } from "./retained-search.ts";
import type { RetainedSource } from "./retained-source.ts";
import { settleGate } from "./settle-gate.ts";
import { notePublished } from "./settling.ts";
import { silenceTimer } from "./silence-timer.ts";
import type { Twin } from "./twin.ts";
import { twinApi } from "./twin-api.ts";
import { twinSubscriptions } from "./twin-subscriptions.ts";
import { createWatchers } from "./watchers.ts";

export interface TwinOptions {
  readonly schema: TopicSchema;
  /** Directory of `entity_store.jsonl`; made when missing. */
  readonly statePath: string;
  /** `agent.entity_store.auto_register` */
  readonly autoRegister: boolean;
  /** `agent.entity_store.clean_start`: forget what was stored and rebuild it from the retained registrations. */
  readonly cleanStart: boolean;
  readonly publish: Publish;
  readonly readRetained: RetainedSource;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /**
   * Selects a message that this process publishes on each new connection, so that everything that the broker had kept for the session
   * comes before it.
   */
  readonly isBirth?: (message: ReceivedMessage) => boolean;
  /** Gives back memory that lies idle; called when all that the broker retains is taken in. */
  readonly releaseMemory?: () => void;
}

/**
 * The local digital twin of the main device, kept in step with the bus and with the disk.
 *
 * Whatever is acknowledged or published is on disk. When the disk fails, changes asked over HTTP are refused whole; what comes over MQTT
 * takes effect in memory and on the bus, since its copy is retained by the broker, and goes to disk as soon as that works again.
 */
export interface TwinKeeper extends Twin {
  readonly participant: Participant;
  /** Reads the journal. Call it before the session connects. A file that cannot be read is told in the log and is no fault; code `aborted`. */
  open(signal: AbortSignal): Promise<Result<undefined, Fault<"aborted">>>;
  /** Resolves once every change is on disk and every message handed to the outbox. */
  stop(): Promise<void>;
}

/** Milliseconds without a retained message after which all are in, as in the reference's look-ups (spec/mqtt-api §4.8). */
const SILENCE = { quiet: 1_000, longest: 60_000 };
const PACE = { window: 100, returning: 500, limit: 200_000 };
/** More messages than that waiting to be decided hold back the broker, also those that it retains. */
const LARGEST_BACKLOG = 1_000;

/** The twin of one process. Nothing happens before `open`. */
export function createTwin(options: TwinOptions): TwinKeeper {
  return createTwinOn(createJournal(join(options.statePath, "entity_store.jsonl")), options);
}

/** A twin whose journal is given: the simulation brings a disk that fails when it says so. */
export function createTwinOn(file: Journal, options: Omit<TwinOptions, "statePath">): TwinKeeper {
  const { schema, clock, random, log } = options;
  const state = createRegistryState(options);
  const step = registryMachine(state);
  const subscriptions = twinSubscriptions(schema);
  const own = createOwnPublications(clock);
  const publisher = pacedPublisher({ ...PACE, publish: options.publish, clock });
  const watchers = createWatchers(log);
  const stopping = new AbortController();
  let wasConnected = false;

  const journal = createJournalKeeper({
    journal: file,
    schema,
    state,
    clock,
    log,
    isAnnounced: () => performer.isDelivered && !state.settling.isActive,
    onDue: () => submit(() => []),
  });

  const settle = () => submit(() => step({ kind: "silence" }), tidyMemory);
  const gate = settleGate({ clock, waitsForSession: options.isBirth !== undefined, open: settle });
  const timer = silenceTimer({ ...SILENCE, clock, fire: settle });

  const reading = { source: options.readRetained, signal: stopping.signal, clock, random, log };
  const intake = retainedIntake({
    ...reading,
    filters: subscriptions.map(({ filter }) => filter),
    take: async (messages) => {
      const decide = () => messages.flatMap(desk.decideRetained);
      await queue.run({ decide, isRefusable: false }).catch(tellFailure);
    },
    complete: gate.retainedRead,
    giveUp: timer.restart,
  });

  const performer = effectPerformer({
    schema,
    log,
    own,
    publisher,
    changed: watchers.tell,
    search: retainedSearch(reading),
    published: intake.noteNews,
    readRetained() {
      timer.stop();
      intake.begin();
    },
    // Before all subscriptions stand, silence says nothing; nor does it beside the intake.
    awaitSilence: () => (wasConnected && !intake.isActive ? timer.restart() : undefined),
    submit: (input) => submit(() => step(input)),
    republish: async (id) => {
      await queue.run({ decide: () => publishRegistration(state, id), isRefusable: false });
    },
  });

  const queue = createCommitQueue({
    rollback: state.rollback,
    store: (effects) => journal.store(effects.filter(isStored).map((effect) => journalLine(schema, effect))),
    prepare(effects) {
      notePublished(state.settling, effects);
      return performer.prepare(effects);
    },
  });

  /** Commits what nobody waits for. */
  const submit = (decide: () => readonly RegistryEffect[], committed?: () => void) => {
    queue.run({ decide, isRefusable: false }).then(committed).catch(tellFailure);
  };

  /** What lives was made among a multiple of garbage, and keeps the space around it until it is put close together. */
  const tidyMemory = () => {
    options.releaseMemory?.();
    state.tree.compact();
    options.releaseMemory?.();
  };

  const tellFailure = (thrown: unknown) => log.error("The twin failed", toFault(thrown));

  const desk = messageDesk({ schema, own, intake, step, returned: publisher.returned });

  const participant: Participant = {
    name: "twin",
    subscriptions,
    async receive(message) {
      const topic = readTopic(schema, message.topic);
      if (!message.retain && options.isBirth?.(message) === true) gate.sessionCaughtUp();
      if (!message.retain && isOrdinary(state, topic)) return;
      // Thousands of echoes follow a repair or a large removal.
      if (queue.isIdle && desk.takeEcho(message)) return;
      const committed = queue.run({ decide: () => desk.decideNews(message, topic), isRefusable: false });
      if (!message.retain || queue.waiting > LARGEST_BACKLOG) {
        await committed;
        return;
      }
      // The broker keeps it and sends it again at the next start, so it need not wait for the disk.
      committed.catch((thrown) => log.error(`The twin failed on a message on ${message.topic}`, toFault(thrown)));
    },
    async connected(connection) {
      wasConnected = true;
      if (connection.first || !connection.sessionPresent) gate.close();
      const decide = () => {
        if (!connection.sessionPresent) {
          own.sessionLost();
          publisher.sessionLost();
        }
        return step({ kind: "connected", connection });
      };
      await queue.run({ decide, isRefusable: false });
    },
  };

  return {
    ...twinApi(state, (input, isWanted) =>
      queue.run({ decide: () => (isWanted() ? step(input) : []), isRefusable: true }),
    ),
    watch: watchers.watch,
    participant,
    async open(signal) {
      const { arrivals, removed, unannounced } = await journal.open(options.cleanStart);
      if (signal.aborted) return err(fault("aborted", "Stopped while the entity store was read"));
      await queue.run({ decide: () => step({ kind: "restored", arrivals, removed, unannounced }), isRefusable: false });
      log.info(`Entity store: ${state.tree.size} entities`);
      return ok();
    },
    async stop() {
      stopping.abort();
      timer.stop();
      gate.stop();
      await queue.idle();
      await journal.close();
      publisher.flush();
    },
  };
}

/** The bulk of the messages: measurements and events of a known entity change nothing. */
function isOrdinary({ tree }: RegistryState, topic: MessageTopic | undefined): boolean {
  const kind = topic?.channel?.kind;
  return (kind === "measurement" || kind === "event") && topic !== undefined && tree.has(topic.id);
}

function isStored(effect: RegistryEffect): effect is StoreEffect {
  return (
    effect.kind === "store" ||
    effect.kind === "store-removed" ||
    effect.kind === "store-cleared" ||
    effect.kind === "store-owed" ||
    effect.kind === "store-fragment-removed"
  );
}
