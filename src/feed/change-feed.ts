import { exhaustive } from "../base/exhaustive.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { cleared, type Message, payloadBytes, type ReceivedMessage } from "../bus/message.ts";
import type { Participant } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { RetainedSource } from "../twin/retained-source.ts";
import type { Twin, TwinChange } from "../twin/twin.ts";
import { changeEvent } from "./change-event.ts";
import { createFeed, type FeedOptions } from "./create-feed.ts";
import { createEarlyEvents } from "./early-events.ts";
import { encodeEvent } from "./encode-event.ts";
import type { ResetDocument } from "./event-document.ts";
import type { FeedEvent } from "./event-ring.ts";
import type { Feed } from "./feed.ts";
import { fingerprint } from "./fingerprint.ts";
import { createKinship } from "./kinship.ts";
import { messageEvent, newsTopic } from "./message-event.ts";
import { retainedReadings } from "./retained-readings.ts";
import { createSightingState, type SightingInput, sightingsMachine } from "./sightings.machine.ts";

export interface ChangeFeedOptions extends FeedOptions {
  readonly schema: TopicSchema;
  readonly twin: Pick<Twin, "list" | "watch">;
  readonly readRetained: RetainedSource;
}

/**
 * The feed of what changes on the bus: registrations, twin data and configurations as the twin accepted them; health, alarms and commands
 * of registered entities as they are published. As long as nobody ever followed, it costs nothing but the family tree.
 */
export interface ChangeFeed extends Feed {
  readonly participant: Participant;
  /** Begins to watch the twin, which must have read its journal. */
  start(): void;
  /** Lets every reader go at once, and takes no more. */
  end(): void;
}

/** `size` in characters. */
const EARLY = { events: 1_000, size: 1_048_576 };
const SIGHTINGS = { topics: 100_000, bytes: 4_194_304 };

export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { schema, twin, clock } = options;
  const feed = createFeed(options);
  const kinship = createKinship();
  const early = createEarlyEvents<Described>(EARLY);
  const step = sightingsMachine(createSightingState(SIGHTINGS));
  const filters = ["status/health", "a/+", "cmd/+/+"].map((channel) => `${schema.root}/+/+/+/+/${channel}`);
  const readings = retainedReadings({
    read: options.readRetained,
    filters,
    clock,
    onMessage: (message) => look("retained", message),
    onEnd: (isComplete) => sight({ kind: "read", isComplete }),
  });
  let unwatch = () => {};
  let hasEnded = false;

  const time = () => new Date(clock.now()).toISOString();

  const append = ({ id, ...event }: Described) => feed.append({ ...event, path: kinship.pathOf(id) });

  const changed = (change: TwinChange) => {
    const { id } = "entity" in change ? change.entity : change;
    const formerly = kinship.pathOf(id);
    if (change.kind === "registered" || change.kind === "updated") kinship.put(change.entity);
    if (feed.isFollowed) {
      const event = changeEvent(change, time());
      const path = [...new Set([...kinship.pathOf(id), ...formerly])];
      feed.append({ kind: event.kind, path, text: encodeEvent(event) });
    }
    if (change.kind === "removed") kinship.remove(id);
    if (change.kind === "registered") early.take(id).forEach(append);
  };

  /** A message that is an event. */
  const tell = (message: Message) => {
    const topic = newsTopic(schema, message.topic);
    if (topic === undefined) return;
    const event = messageEvent(topic, message, time());
    const described = { id: topic.entity, kind: event.kind, text: encodeEvent(event) };
    if (kinship.has(described.id)) append(described);
    else if (event.change === "cleared") early.forget(described.id, message.topic);
    else early.hold(described.id, { topic: message.topic, event: described, size: described.text.length });
  };

  const tellGap = () => {
    const document: ResetDocument = { kind: "reset", time: time(), reason: "broker" };
    feed.append({ kind: "reset", path: [], text: JSON.stringify(document) });
  };

  const sight = (input: SightingInput) => {
    if (hasEnded) return;
    for (const effect of step(input)) {
      switch (effect.kind) {
        case "news":
          tell(effect.message);
          break;
        case "vanished":
          tell(cleared(effect.topic));
          break;
        case "gap":
          tellGap();
          break;
        case "read":
          readings.begin(effect.after);
          break;
        default:
          exhaustive(effect);
      }
    }
  };

  const look = (kind: "published" | "retained", message: ReceivedMessage) => {
    if (!feed.isFollowed || newsTopic(schema, message.topic) === undefined) return;
    const bytes = payloadBytes(message);
    sight({ kind, sight: { message, print: bytes.length === 0 ? undefined : fingerprint(bytes) } });
  };

  return {
    open(request) {
      const opened = feed.open(request);
      if (opened.ok) sight({ kind: "followed" });
      return opened;
    },
    start() {
      unwatch = twin.watch(changed);
      for (const entity of twin.list({})) kinship.put(entity);
    },
    end() {
      hasEnded = true;
      unwatch();
      readings.stop();
      feed.end();
    },
    participant: {
      name: "feed",
      subscriptions: filters.map((filter) => ({ filter, qos: 1 })),
      async receive(message) {
        // What a new subscription brings may be a part of what is retained only; all of it is read beside the session.
        if (!message.retain) look("published", message);
      },
      async connected({ first, sessionPresent }) {
        sight({ kind: "connected", first, sessionPresent });
      },
    },
  };
}

/** An event whose place in the tree is not known yet. */
type Described = Omit<FeedEvent, "path"> & { readonly id: EntityId };
