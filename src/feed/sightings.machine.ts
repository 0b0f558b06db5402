import { exhaustive } from "../base/exhaustive.ts";
import type { ReceivedMessage } from "../bus/message.ts";

/**
 * Tells which messages are news. What is published is. What a broker retains is the present state and no event, unless it changed while the
 * agent was away: so it is read when somebody begins to follow, and after each reconnection, and compared. A broker that kept the agent's
 * session keeps only so many messages for it.
 */
export type SightingInput =
  /** Somebody follows: from now on it matters. */
  | { readonly kind: "followed" }
  | { readonly kind: "connected"; readonly first: boolean; readonly sessionPresent: boolean }
  /** Came over the session, and not as retained. */
  | { readonly kind: "published"; readonly sight: Sight }
  /** Was read as retained. */
  | { readonly kind: "retained"; readonly sight: Sight }
  /** The reading has ended: that was all, or it failed. */
  | { readonly kind: "read"; readonly isComplete: boolean };

export interface Sight {
  readonly message: ReceivedMessage;
  /** Stands for the payload; `undefined` when that is empty. */
  readonly print: number | undefined;
}

export type SightingEffect =
  | { readonly kind: "news"; readonly message: ReceivedMessage }
  /** Nothing is retained there any more: it was cleared while the agent was away. */
  | { readonly kind: "vanished"; readonly topic: string }
  /** Nobody knows what happened while the agent was away. */
  | { readonly kind: "gap" }
  /** Read what is retained, after so many milliseconds, and answer with `retained` and `read`. An earlier reading is given up. */
  | { readonly kind: "read"; readonly after: number };

export interface SightingLimits {
  /** Topics of which it is remembered what they hold. */
  readonly topics: number;
  /** Bytes of what turns out to have changed while the agent was away. */
  readonly bytes: number;
}

/** Changed in place. */
export interface SightingState {
  readonly limits: SightingLimits;
  isFollowed: boolean;
  /** What each topic holds. */
  readonly known: Map<string, number>;
  /** Everything that holds something is known, so that there is something to compare with. */
  isComplete: boolean;
  reading: Reading | undefined;
}

interface Reading {
  /** There is nothing to compare with: it gives the present state. */
  readonly isFirst: boolean;
  /** Topics that were published on since it was due: what is retained there is older. */
  readonly published: Set<string>;
  /** Topics that hold what they held. */
  readonly same: Set<string>;
  readonly changed: Map<string, Sight>;
  bytes: number;
}

export function createSightingState(limits: SightingLimits): SightingState {
  return { limits, isFollowed: false, known: new Map(), isComplete: false, reading: undefined };
}

/** Milliseconds in which services connect to a broker that came back and say how they are: what it lost is there again by then. */
export const RECOVERY = 5_000;
/** Milliseconds. */
export const RETRY = 60_000;

export function sightingsMachine(state: SightingState): (input: SightingInput) => readonly SightingEffect[] {
  return (input) => {
    if (!state.isFollowed && input.kind !== "followed") return NOTHING;
    switch (input.kind) {
      case "followed":
        if (state.isFollowed) return NOTHING;
        state.isFollowed = true;
        return begin(state, 0);
      case "connected":
        return connect(state, input);
      case "published":
        return hear(state, input.sight);
      case "retained":
        return find(state, input.sight);
      case "read":
        return input.isComplete ? compare(state) : fail(state);
      default:
        return exhaustive(input);
    }
  };
}

/** Takes what is retained for the present state; what was known says nothing any more. */
function begin(state: SightingState, after: number): readonly SightingEffect[] {
  state.known.clear();
  state.isComplete = false;
  return read(state, true, after);
}

function read(state: SightingState, isFirst: boolean, after: number): readonly SightingEffect[] {
  state.reading = { isFirst, published: new Set(), same: new Set(), changed: new Map(), bytes: 0 };
  return [{ kind: "read", after }];
}

function connect(state: SightingState, { first, sessionPresent }: { first: boolean; sessionPresent: boolean }) {
  if (first) return begin(state, 0);
  if (state.isComplete) return read(state, false, RECOVERY);
  return [...(sessionPresent ? NOTHING : [GAP]), ...begin(state, RECOVERY)];
}

function hear(state: SightingState, { message, print }: Sight): readonly SightingEffect[] {
  const { reading, known, isComplete, limits } = state;
  const { topic, dup } = message;
  const isSame = known.get(topic) === print;
  remember(state, topic, print);
  reading?.published.add(topic);
  const isTooMuch = reading !== undefined && reading.published.size > limits.topics;
  // Some clear at every measurement that is in order: where nothing was, nothing is cleared.
  const isNews = !isSame || (print === undefined ? !isComplete : !dup);
  return [...(isNews ? [{ kind: "news", message } as const] : NOTHING), ...(isTooMuch ? fail(state) : NOTHING)];
}

function find(state: SightingState, sight: Sight): readonly SightingEffect[] {
  const { reading, known, limits } = state;
  const { topic, payload } = sight.message;
  if (reading === undefined || reading.published.has(topic)) return NOTHING;
  if (reading.isFirst) remember(state, topic, sight.print);
  else if (known.get(topic) === sight.print) reading.same.add(topic);
  else {
    reading.changed.set(topic, sight);
    reading.bytes += topic.length + payload.length;
  }
  return reading.bytes > limits.bytes ? fail(state) : NOTHING;
}

function compare(state: SightingState): readonly SightingEffect[] {
  const { reading, known, limits } = state;
  state.reading = undefined;
  if (reading === undefined) return NOTHING;
  if (reading.isFirst) {
    state.isComplete = known.size < limits.topics;
    return NOTHING;
  }
  const { published, same, changed } = reading;
  const news = [...changed].filter(([topic]) => !published.has(topic));
  const vanished = [...known.keys()].filter(
    (topic) => !published.has(topic) && !same.has(topic) && !changed.has(topic),
  );
  for (const [topic, { print }] of news) remember(state, topic, print);
  for (const topic of vanished) known.delete(topic);
  return [
    ...news.map(([, { message }]) => ({ kind: "news", message }) as const),
    ...vanished.map((topic) => ({ kind: "vanished", topic }) as const),
  ];
}

/** What is retained is not known, and not what changed. */
function fail(state: SightingState): readonly SightingEffect[] {
  const gap = state.reading?.isFirst === false ? [GAP] : NOTHING;
  return state.reading === undefined ? NOTHING : [...gap, ...begin(state, RETRY)];
}

function remember(state: SightingState, topic: string, print: number | undefined): void {
  const { known, limits } = state;
  if (print === undefined) known.delete(topic);
  else if (known.has(topic) || known.size < limits.topics) known.set(topic, print);
  else state.isComplete = false;
}

const NOTHING: readonly SightingEffect[] = [];
const GAP: SightingEffect = { kind: "gap" };
