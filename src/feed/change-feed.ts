import type { Clock } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { cleared, type Message, payloadBytes } from "../bus/message.ts";
import type { Participant } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import { silenceTimer } from "../twin/silence-timer.ts";
import type { Twin, TwinChange } from "../twin/twin.ts";
import { changeEvent } from "./change-event.ts";
import { createFeed, type FeedOptions } from "./create-feed.ts";
import { createEarlyEvents } from "./early-events.ts";
import { encodeEvent } from "./encode-event.ts";
import type { EventDocument } from "./event-document.ts";
import type { FeedEvent } from "./event-ring.ts";
import type { Feed } from "./feed.ts";
import { fingerprint } from "./fingerprint.ts";
import { createKinship } from "./kinship.ts";
import { messageEvent, newsTopic } from "./message-event.ts";
import { createSightingState, type SightingInput, sightingsMachine } from "./sightings.machine.ts";

export interface ChangeFeedOptions extends FeedOptions {
  readonly schema: TopicSchema;
  readonly twin: Pick<Twin, "list" | "watch">;
}

/**
 * The feed of what changes on the bus: registrations, twin data and configurations as the twin accepted them; health, alarms and commands
 * of registered entities as they are published.
 */
export interface ChangeFeed extends Feed {
  readonly participant: Participant;
  /** Begins to watch the twin, which must have read its journal. */
  start(): void;
  /** Lets every reader go at once, and takes no more. */
  end(): void;
}

/** Topics whose content is remembered, to tell what a broker repeats from what is new. */
const REMEMBERED_TOPICS = 100_000;
/** `size` in characters. */
const EARLY = { events: 1_000, size: 1_048_576 };
/** Longer than the pause after which services connect again and say that they are up. Milliseconds. */
const SILENCE = { quiet: 5_000, longest: 60_000 };

export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { schema, twin, clock } = options;
  const feed = createFeed(options);
  const kinship = createKinship();
  const early = createEarlyEvents<EventWithoutPath>(EARLY);
  const step = sightingsMachine(createSightingState(REMEMBERED_TOPICS));
  const silence = silenceTimer({ ...SILENCE, clock, fire: () => sight({ kind: "silence" }) });
  let unwatch = nothing;
  let hasEnded = false;

  const append = (event: EventWithoutPath) => feed.append({ ...event, path: kinship.pathOf(event.id) });

  const changed = (change: TwinChange) => {
    const { id } = "entity" in change ? change.entity : change;
    const formerly = kinship.pathOf(id);
    if (change.kind === "registered" || change.kind === "updated") kinship.put(change.entity);
    if (feed.isFollowed) {
      const path = [...new Set([...kinship.pathOf(id), ...formerly])];
      feed.append({ ...encoded(id, changeEvent(change, timeOf(clock))), path });
    }
    if (change.kind === "removed") kinship.remove(id);
    if (change.kind === "registered") early.take(id).forEach(append);
  };

  /** A message that is an event. */
  const tell = (message: Message) => {
    const topic = newsTopic(schema, message.topic);
    if (topic === undefined || !feed.isFollowed) return;
    const document = messageEvent(topic, message, timeOf(clock));
    const event = encoded(topic.entity, document);
    if (kinship.has(event.id)) append(event);
    else if (document.change === "cleared") early.forget(event.id, message.topic);
    else early.hold(event.id, { topic: message.topic, event, size: event.text.length });
  };

  const sight = (input: SightingInput, message?: Message) => {
    for (const effect of step(input)) {
      switch (effect.kind) {
        case "news":
          if (message !== undefined) tell(message);
          break;
        case "vanished":
          tell(cleared(effect.topic));
          break;
        case "await-silence":
          if (!hasEnded) silence.restart();
          break;
        default:
          exhaustive(effect);
      }
    }
  };

  return {
    open: feed.open,
    start() {
      unwatch = twin.watch(changed);
      for (const entity of twin.list({})) kinship.put(entity);
    },
    end() {
      hasEnded = true;
      unwatch();
      silence.stop();
      feed.end();
    },
    participant: {
      name: "feed",
      // All of these are part of what the twin subscribes to anyway.
      subscriptions: ["status/health", "a/+", "cmd/+/+"].map((channel) => ({
        filter: `${schema.root}/+/+/+/+/${channel}`,
        qos: 1,
      })),
      async receive(message) {
        const { topic, retain, dup } = message;
        if (newsTopic(schema, topic) === undefined) return;
        const bytes = payloadBytes(message);
        const print = bytes.length === 0 ? undefined : fingerprint(bytes);
        sight({ kind: "message", topic, fingerprint: print, retain, dup }, message);
      },
      async connected({ first, sessionPresent }) {
        sight({ kind: "connected", first, sessionPresent });
      },
    },
  };
}

type EventWithoutPath = Omit<FeedEvent, "path">;

function encoded(id: EntityId, document: EventDocument): EventWithoutPath {
  return { id, kind: document.kind, text: encodeEvent(document) };
}

function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

function nothing(): void {}
