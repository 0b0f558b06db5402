import { exhaustive } from "../base/exhaustive.ts";
import { type EventFilter, selects } from "./event-filter.ts";
import type { EventRing, FeedEvent, NumberedEvent } from "./event-ring.ts";

export type ReaderKey = symbol;

export type FeedInput =
  | { readonly kind: "event"; readonly event: FeedEvent }
  /** `after`: sequence of the last event that the reader had, `now` for a new one, `lost` when its id says nothing to this run. */
  | { readonly kind: "open"; readonly reader: ReaderKey; readonly filter: EventFilter; readonly after: After }
  /** The reader has room, and waits. */
  | { readonly kind: "want"; readonly reader: ReaderKey }
  /** The reader has waited for so long that it should hear something. */
  | { readonly kind: "quiet"; readonly reader: ReaderKey }
  | { readonly kind: "close"; readonly reader: ReaderKey };

export type After = number | "now" | "lost";
export type ResetReason = "expired" | "unknown";

export type FeedEffect =
  /** The reader is in; everything after `position` will come. With `reset`, it missed what was before. */
  | { readonly kind: "opened"; readonly reader: ReaderKey; readonly position: number; readonly reset?: ResetReason }
  | { readonly kind: "deliver"; readonly reader: ReaderKey; readonly events: readonly NumberedEvent[] }
  /** `position` is set when the reader may resume further on than it knows, as what passed was not for it. */
  | { readonly kind: "heartbeat"; readonly reader: ReaderKey; readonly position?: number }
  /** What the reader had not taken yet is kept no longer, and the reader is out. */
  | { readonly kind: "overrun"; readonly reader: ReaderKey };

interface Reader {
  readonly filter: EventFilter;
  /** Sequence of the next event to look at. Everything before was delivered or is not selected. */
  at: number;
  /** The last sequence that it was told, from where it would resume. */
  told: number;
  wants: boolean;
}

/** Changed in place, since events are many; the same inputs give the same state. */
export interface FeedState {
  readonly ring: EventRing;
  readonly readers: Map<ReaderKey, Reader>;
}

export function createFeedState(ring: EventRing): FeedState {
  return { ring, readers: new Map() };
}

/** Characters that one delivery may have, unless a single event has more. */
const LARGEST_DELIVERY = 64 * 1_024;

/**
 * Hands every change to every reader that selects it, once and in order. A reader holds nothing but its place in the ring, so a slow one
 * costs nothing until the ring overtakes it.
 */
export function feedMachine(state: FeedState): (input: FeedInput) => readonly FeedEffect[] {
  return (input) => {
    switch (input.kind) {
      case "event":
        return publish(state, input.event);
      case "open":
        return open(state, input);
      case "want":
        return want(state, input.reader);
      case "quiet":
        return beat(state, input.reader);
      case "close":
        state.readers.delete(input.reader);
        return [];
      default:
        return exhaustive(input);
    }
  };
}

function publish({ ring, readers }: FeedState, event: FeedEvent): readonly FeedEffect[] {
  const numbered = ring.append(event);
  const effects: FeedEffect[] = [];
  for (const [key, reader] of readers) {
    const isNext = reader.at === numbered.sequence;
    if (isNext && !selects(reader.filter, numbered)) reader.at += 1;
    else if (isNext && reader.wants) effects.push(deliver(key, reader, [numbered], reader.at + 1));
    else if (reader.at < ring.first) {
      readers.delete(key);
      effects.push({ kind: "overrun", reader: key });
    }
  }
  return effects;
}

function open({ ring, readers }: FeedState, input: Extract<FeedInput, { kind: "open" }>): readonly FeedEffect[] {
  const { reader, filter, after } = input;
  const reset = after === "now" ? undefined : refuse(ring, after);
  const at = typeof after === "number" && reset === undefined ? after + 1 : ring.next;
  readers.set(reader, { filter, at, told: at - 1, wants: false });
  return [{ kind: "opened", reader, position: at - 1, ...(reset === undefined ? {} : { reset }) }];
}

function refuse(ring: EventRing, after: number | "lost"): ResetReason | undefined {
  if (after === "lost" || after >= ring.next) return "unknown";
  return after + 1 < ring.first ? "expired" : undefined;
}

function want({ ring, readers }: FeedState, key: ReaderKey): readonly FeedEffect[] {
  const reader = readers.get(key);
  if (reader === undefined) return [];
  const events: NumberedEvent[] = [];
  let characters = 0;
  let at = reader.at;
  for (let event = ring.at(at); event !== undefined; event = ring.at(at)) {
    if (selects(reader.filter, event)) {
      if (events.length > 0 && characters + event.text.length > LARGEST_DELIVERY) break;
      events.push(event);
      characters += event.text.length;
    }
    at += 1;
  }
  if (events.length > 0) return [deliver(key, reader, events, at)];
  reader.at = at;
  reader.wants = true;
  return [];
}

function beat({ readers }: FeedState, key: ReaderKey): readonly FeedEffect[] {
  const reader = readers.get(key);
  if (reader?.wants !== true) return [];
  const position = reader.at - 1;
  const isNew = position !== reader.told;
  reader.told = position;
  reader.wants = false;
  return [{ kind: "heartbeat", reader: key, ...(isNew ? { position } : {}) }];
}

function deliver(key: ReaderKey, reader: Reader, events: readonly NumberedEvent[], at: number): FeedEffect {
  reader.told = events.at(-1)?.sequence ?? reader.told;
  reader.at = at;
  reader.wants = false;
  return { kind: "deliver", reader: key, events };
}
