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
import { createOwnPublications } from "./own-publications.ts";
import { pacedPublisher } from "./paced-publisher.ts";
import { effectPerformer } from "./perform-effects.ts";
import { readMessage, splitTopic } from "./read-message.ts";
import { publishRegistration } from "./reconcile.ts";
import { registryMachine } from "./registry.machine.ts";
import type { RegistryEffect, StoreEffect } from "./registry-effect.ts";
import { createRegistryState } from "./registry-state.ts";
import { type RetainedLookup, retainedSearch } from "./retained-search.ts";
import { silenceTimer } from "./silence-timer.ts";
import type { Twin } from "./twin.ts";
import { twinApi } from "./twin-api.ts";
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
  readonly clock: Clock;
  readonly log: Log;
  /**
   * With it, all that the broker retains of a removed entity is found and cleared, and only those registrations are published again that
   * are not retained. Without it, what was never delivered as retained stays behind, and every new registration is published once more.
   */
  readonly lookUp?: RetainedLookup;
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
const PUBLISH_WINDOW = 100;
const PUBLISH_LIMIT = 200_000;
/** More messages than that waiting to be decided hold back the broker, also those that it retains. */
const LARGEST_BACKLOG = 1_000;

/** The twin of one process. Nothing happens before `open`. */
export function createTwin(options: TwinOptions): TwinKeeper {
  return createTwinOn(createJournal(join(options.statePath, "entity_store.jsonl")), options);
}

/** A twin whose journal is given: the simulation brings a disk that fails when it says so. */
export function createTwinOn(file: Journal, options: Omit<TwinOptions, "statePath">): TwinKeeper {
  const { schema, clock, log } = options;
  const state = createRegistryState(options);
  const step = registryMachine(state);
  const own = createOwnPublications(clock);
  const publisher = pacedPublisher(options.publish, PUBLISH_WINDOW, PUBLISH_LIMIT);
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

  const timer = silenceTimer({ ...SILENCE, clock, fire: () => submit(() => step({ kind: "silence" })) });

  const performer = effectPerformer({
    schema,
    log,
    own,
    publisher,
    changed: watchers.tell,
    // Before all subscriptions stand, silence says nothing.
    silence: { ...timer, restart: () => (wasConnected ? timer.restart() : undefined) },
    ...(options.lookUp === undefined
      ? {}
      : { search: retainedSearch({ lookUp: options.lookUp, signal: stopping.signal, clock, log }) }),
    submit: (input) => submit(() => step(input)),
    republish: async (id) => {
      await queue.run({ decide: () => publishRegistration(state, id), isRefusable: false });
    },
  });

  const queue = createCommitQueue({
    rollback: state.rollback,
    store: (effects) => journal.store(effects.filter(isStored).map((effect) => journalLine(schema, effect))),
    prepare: performer.prepare,
  });

  /** Commits what nobody waits for. */
  const submit = (decide: () => readonly RegistryEffect[]) => {
    queue.run({ decide, isRefusable: false }).catch((thrown) => log.error("The twin failed", toFault(thrown)));
  };

  const decideMessage = (message: ReceivedMessage): readonly RegistryEffect[] => {
    const relation = own.classify(message);
    if (relation === "echo" || (relation === "overtaken" && message.retain)) return [];
    const delivery = relation === "overtaken" ? relation : deliveryOf(message);
    const reading = readMessage(schema, message, delivery);
    if (reading === undefined || (delivery === "overtaken" && reading.input?.kind === "data")) return [];
    const flaw: RegistryEffect[] =
      reading.flaw === undefined
        ? []
        : [{ kind: "tell", news: { kind: "flaw", topic: message.topic, text: reading.flaw } }];
    return reading.input === undefined ? flaw : [...flaw, ...step(reading.input)];
  };

  const participant: Participant = {
    name: "twin",
    // Registrations first, so that the retained ones come before the data of their entities. The second filter begins one level below,
    // since a broker may deliver a message once for each filter that selects it. It selects more than auto-registration looks at, as
    // everything retained below an entity has to be cleared when it is removed.
    subscriptions: [
      { filter: `${schema.root}/+/+/+/+`, qos: 1 },
      { filter: `${schema.root}/+/+/+/+/+/#`, qos: 1 },
    ],
    async receive(message) {
      if (isOrdinaryTelemetry(message)) return;
      const committed = queue.run({ decide: () => decideMessage(message), isRefusable: false });
      if (!message.retain || queue.waiting > LARGEST_BACKLOG) {
        await committed;
        return;
      }
      // The broker keeps it and sends it again at the next start, so it need not wait for the disk.
      committed.catch((thrown) => log.error(`The twin failed on a message on ${message.topic}`, toFault(thrown)));
    },
    async connected(connection) {
      wasConnected = true;
      const decide = () => {
        if (!connection.sessionPresent) own.sessionLost();
        return step({ kind: "connected", connection });
      };
      await queue.run({ decide, isRefusable: false });
    },
  };

  /** The bulk of the messages: measurements and events of a known entity change nothing. */
  const isOrdinaryTelemetry = (message: ReceivedMessage): boolean => {
    if (message.retain) return false;
    const kind = schema.parse(message.topic)?.channel.kind;
    const id = splitTopic(schema, message.topic)?.id;
    return (kind === "measurement" || kind === "event") && id !== undefined && state.tree.has(id);
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
      await queue.idle();
      await journal.close();
      publisher.flush();
    },
  };
}

function deliveryOf(message: ReceivedMessage) {
  if (message.retain) return "retained";
  return message.dup ? "again" : "live";
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
