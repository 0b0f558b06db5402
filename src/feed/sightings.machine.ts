import { exhaustive } from "../base/exhaustive.ts";

/**
 * Tells news from what the broker repeats: with a new subscription it sends what it retains, which is the present state and no event,
 * unless it differs from what was seen last.
 */
export type SightingInput =
  | {
      readonly kind: "message";
      readonly topic: string;
      /** Of the payload; `undefined` when it is empty. */
      readonly fingerprint: number | undefined;
      /** Retained messages come with this flag only as answer to a subscription (MQTT-3.3.1-8, MQTT-3.3.1-9). */
      readonly retain: boolean;
      readonly dup: boolean;
    }
  | { readonly kind: "connected"; readonly first: boolean; readonly sessionPresent: boolean }
  /** No retained message has come for a while. */
  | { readonly kind: "silence" };

export type SightingEffect =
  /** The message is an event. */
  | { readonly kind: "news" }
  /** The broker retains nothing there any more, and cleared it while nobody listened. */
  | { readonly kind: "vanished"; readonly topic: string }
  /** Answer with `silence` once no retained message has come for a while. */
  | { readonly kind: "await-silence" };

/** Changed in place. */
export interface SightingState {
  /** Fingerprint of what each topic holds. */
  readonly known: Map<string, number>;
  readonly limit: number;
  /** More topics hold something than can be remembered. */
  isFull: boolean;
  /** What is retained comes in for the first time of this process. */
  isFirst: boolean;
  /** Topics seen since a subscription began to be answered. */
  seen: Set<string> | undefined;
  /** The broker lost the session: what does not come is gone. */
  isRecounted: boolean;
}

export function createSightingState(limit: number): SightingState {
  return { known: new Map(), limit, isFull: false, isFirst: true, seen: undefined, isRecounted: false };
}

export function sightingsMachine(state: SightingState): (input: SightingInput) => readonly SightingEffect[] {
  return (input) => {
    switch (input.kind) {
      case "message":
        return input.fingerprint === undefined ? clear(state, input.topic) : see(state, input, input.fingerprint);
      case "connected":
        return connect(state, input);
      case "silence":
        return settle(state);
      default:
        return exhaustive(input);
    }
  };
}

function clear(state: SightingState, topic: string): readonly SightingEffect[] {
  // Some clear at every measurement that is in order: what was not there is not cleared.
  return state.known.delete(topic) || state.isFull ? NEWS : NOTHING;
}

type Message = Extract<SightingInput, { readonly kind: "message" }>;

function see(state: SightingState, { topic, retain, dup }: Message, fingerprint: number): readonly SightingEffect[] {
  const isSame = state.known.get(topic) === fingerprint;
  remember(state, topic, fingerprint);
  if (retain) state.seen ??= new Set();
  if (state.known.has(topic)) state.seen?.add(topic);
  if (!retain) return dup && isSame ? NOTHING : NEWS;
  return isSame || state.isFirst ? [AWAIT_SILENCE] : [...NEWS, AWAIT_SILENCE];
}

function remember(state: SightingState, topic: string, fingerprint: number): void {
  if (state.known.size < state.limit || state.known.has(topic)) state.known.set(topic, fingerprint);
  else state.isFull = true;
}

function connect(state: SightingState, { first, sessionPresent }: { first: boolean; sessionPresent: boolean }) {
  if (!first && sessionPresent) return NOTHING;
  state.seen ??= new Set();
  state.isRecounted ||= !first;
  return [AWAIT_SILENCE];
}

function settle(state: SightingState): readonly SightingEffect[] {
  const { known, seen, isRecounted } = state;
  state.seen = undefined;
  state.isFirst = false;
  state.isRecounted = false;
  if (!isRecounted) return NOTHING;
  const vanished = [...known.keys()].filter((topic) => seen?.has(topic) !== true);
  for (const topic of vanished) known.delete(topic);
  return vanished.map((topic) => ({ kind: "vanished", topic }));
}

const NOTHING: readonly SightingEffect[] = [];
const NEWS: readonly SightingEffect[] = [{ kind: "news" }];
const AWAIT_SILENCE: SightingEffect = { kind: "await-silence" };
