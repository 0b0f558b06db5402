import { exhaustive } from "../base/exhaustive.ts";
import type { Machine, Step } from "../base/machine.ts";
import type { Message, ReceivedMessage } from "../bus/message.ts";
import type { PublishOutcome } from "../bus/participant.ts";
import type { Router, Side } from "./route.ts";

/**
 * What the bridge does with each message (spec/bridges-and-mappers §1.4-1.6, §1.8). The number in inputs and effects stands for one received
 * message and all that follows from it.
 */
export interface RelayPolicy {
  readonly router: Pick<Router, "route" | "returns">;
  /** Bytes on the wire of a message for that side; a larger one is dropped. */
  readonly limits: Readonly<Record<Side, number>>;
  readonly wireSize: (message: Message) => number;
  /** How much may be on its way to one side before the other side's broker has to keep the rest. */
  readonly capacity: { readonly messages: number; readonly bytes: number };
  /** Whether the broker of that side delivers again what it did not get acknowledged; false for a clean session. */
  readonly redelivers: Readonly<Record<Side, boolean>>;
}

export interface RelayState {
  readonly local: SideState;
  readonly remote: SideState;
  readonly stopping: boolean;
}

export interface SideState {
  /** Published on this side and expected to come back from it. */
  readonly echoes: readonly Echo[];
  /** QoS>0 on its way to this side. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** A message from this side was not taken, so what comes behind it is not taken either, or order would be lost. */
  readonly choked: boolean;
}

export interface Echo {
  readonly id: number;
  readonly message: Message;
  /** Monotonic milliseconds; not known before the broker has the message. */
  readonly expires?: number;
}

/** `at` is monotonic time in milliseconds. */
export type RelayInput =
  | {
      readonly kind: "received";
      readonly id: number;
      readonly from: Side;
      readonly message: ReceivedMessage;
      readonly at: number;
    }
  /** What became of a message that was forwarded to the side `to`. */
  | {
      readonly kind: "settled";
      readonly id: number;
      readonly to: Side;
      readonly message: Message;
      readonly outcome: PublishOutcome;
      readonly at: number;
    }
  | { readonly kind: "connected"; readonly side: Side; readonly sessionPresent: boolean }
  | { readonly kind: "stop" };

export type RelayEffect =
  | { readonly kind: "forward"; readonly id: number; readonly to: Side; readonly message: Message }
  /** The source may forget the message. */
  | { readonly kind: "acknowledge"; readonly id: number }
  /** The source has to deliver the message again, later. */
  | { readonly kind: "leave"; readonly id: number }
  /** Makes the broker of this side deliver again what it did not get acknowledged. */
  | { readonly kind: "reconnect"; readonly side: Side }
  | { readonly kind: "report"; readonly loss: Loss };

/** A message that goes nowhere, told to people. */
export type Loss =
  | { readonly kind: "no-route"; readonly topic: string }
  | {
      readonly kind: "oversized";
      readonly to: Side;
      readonly topic: string;
      readonly size: number;
      readonly limit: number;
    }
  | { readonly kind: "no-room"; readonly to: Side; readonly topic: string };

/** An echo that did not come for so long will not come any more. */
export const ECHO_PATIENCE = 100_000;
/** So many echoes are expected at most; beyond, the oldest is given up. */
export const MOST_ECHOES = 1_024;

type Next = Step<RelayState, RelayEffect>;
type Of<Kind extends RelayInput["kind"]> = Extract<RelayInput, { kind: Kind }>;

const IDLE: SideState = { echoes: [], pending: 0, pendingBytes: 0, choked: false };

export function relayMachine(policy: RelayPolicy): Machine<RelayState, RelayInput, RelayEffect> {
  return {
    initial: { local: IDLE, remote: IDLE, stopping: false },
    step(state, input) {
      switch (input.kind) {
        case "received":
          return received(policy, state, input);
        case "settled":
          return settled(policy, state, input);
        case "connected":
          return connected(state, input);
        case "stop":
          return { state: { ...state, stopping: true }, effects: [] };
        default:
          return exhaustive(input);
      }
    },
  };
}

function received(policy: RelayPolicy, state: RelayState, input: Of<"received">): Next {
  const { id, from, message } = input;
  if (state.stopping) return leave(state, id);
  if (policy.router.returns(from, message.topic)) {
    const echoes = withoutEcho(state[from].echoes, message, input.at);
    if (echoes !== undefined) return acknowledge(change(state, from, { echoes }), id);
  }
  if (state[from].choked && message.qos > 0) return leave(state, id);
  const to = otherSide(from);
  const topic = policy.router.route(from, message.topic);
  if (topic === undefined) return lose(state, id, { kind: "no-route", topic: message.topic });
  const { payload, qos, retain } = message;
  const copy: Message = { topic, payload, qos, retain };
  const size = policy.wireSize(copy);
  const limit = policy.limits[to];
  if (size > limit) return lose(state, id, { kind: "oversized", to, topic, size, limit });
  if (qos > 0 && isFull(policy, state[to], size)) return refuse(policy, state, input, topic);
  return forward(policy, state, input, copy, size);
}

function forward(policy: RelayPolicy, state: RelayState, input: Of<"received">, message: Message, size: number): Next {
  const to = otherSide(input.from);
  const target = state[to];
  const counted = message.qos > 0 ? 1 : 0;
  return {
    state: change(state, to, {
      pending: target.pending + counted,
      pendingBytes: target.pendingBytes + counted * size,
      echoes: policy.router.returns(to, message.topic)
        ? [...target.echoes.slice(1 - MOST_ECHOES), { id: input.id, message }]
        : target.echoes,
    }),
    effects: [{ kind: "forward", id: input.id, to, message }],
  };
}

function refuse(policy: RelayPolicy, state: RelayState, input: Of<"received">, topic: string): Next {
  const { id, from } = input;
  if (!policy.redelivers[from]) return lose(state, id, { kind: "no-room", to: otherSide(from), topic });
  return leave(change(state, from, { choked: true }), id);
}

function settled(policy: RelayPolicy, before: RelayState, input: Of<"settled">): Next {
  const { id, to, message, outcome } = input;
  const target = before[to];
  const counted = message.qos > 0 ? 1 : 0;
  const state = change(before, to, {
    pending: target.pending - counted,
    pendingBytes: target.pendingBytes - counted * policy.wireSize(message),
    echoes: policy.router.returns(to, message.topic) ? echoesAfter(target.echoes, input) : target.echoes,
  });
  if (message.qos === 0) return { state, effects: [] };
  const next = outcome === "delivered" ? acknowledge(state, id) : failed(policy, state, input);
  return resume(next, to);
}

/** The outbox did not take the message, or it was taken back because the bridge stops. */
function failed(policy: RelayPolicy, state: RelayState, { id, to, message, outcome }: Of<"settled">): Next {
  const from = otherSide(to);
  if (outcome === "closed") return leave(state, id);
  if (!policy.redelivers[from]) return lose(state, id, { kind: "no-room", to, topic: message.topic });
  return leave(change(state, from, { choked: true }), id);
}

/** Asks for what was not taken, once everything before it is through. */
function resume({ state, effects }: Next, to: Side): Next {
  const side = otherSide(to);
  if (!state[side].choked || state[to].pending > 0 || state.stopping) return { state, effects };
  return { state, effects: [...effects, { kind: "reconnect", side }] };
}

/** The broker begins anew with what it did not get acknowledged; without a session it has also lost the echoes of what it already had. */
function connected(state: RelayState, { side, sessionPresent }: Of<"connected">): Next {
  const { echoes } = state[side];
  const expected = sessionPresent ? echoes : echoes.filter(({ expires }) => expires === undefined);
  return { state: change(state, side, { choked: false, echoes: expected }), effects: [] };
}

/** Once the broker has the message its echo is due; if it does not get it, there is none to wait for. */
function echoesAfter(echoes: readonly Echo[], { id, outcome, at }: Of<"settled">): readonly Echo[] {
  if (outcome !== "delivered") return echoes.filter((echo) => echo.id !== id);
  const expires = at + ECHO_PATIENCE;
  return echoes.map((echo) => (echo.id === id ? { ...echo, expires } : echo));
}

/**
 * The echoes still expected after `message` came; `undefined` when it is none of them. What was published before on the same topic
 * and did not come back until now was lost (MQTT-4.6.0-6), and would take a later message of somebody else for its echo.
 */
function withoutEcho(echoes: readonly Echo[], message: ReceivedMessage, at: number): readonly Echo[] | undefined {
  const live = echoes.filter(({ expires }) => expires === undefined || expires > at);
  const index = live.findIndex((echo) => isEcho(echo.message, message));
  if (index === -1) return undefined;
  return live.filter((echo, place) => place > index || (place < index && echo.message.topic !== message.topic));
}

/** A live delivery carries no retain flag under MQTT 3.1.1, whatever was published (MQTT-3.3.1-9). */
function isEcho(sent: Message, came: ReceivedMessage): boolean {
  return (
    sent.topic === came.topic &&
    sent.qos === came.qos &&
    (sent.retain || !came.retain) &&
    Buffer.compare(sent.payload, came.payload) === 0
  );
}

function isFull({ capacity }: RelayPolicy, side: SideState, size: number): boolean {
  return side.pending >= capacity.messages || side.pendingBytes + size > capacity.bytes;
}

function acknowledge(state: RelayState, id: number): Next {
  return { state, effects: [{ kind: "acknowledge", id }] };
}

function lose(state: RelayState, id: number, loss: Loss): Next {
  return {
    state,
    effects: [
      { kind: "acknowledge", id },
      { kind: "report", loss },
    ],
  };
}

function leave(state: RelayState, id: number): Next {
  return { state, effects: [{ kind: "leave", id }] };
}

/** Written out, since this is done for every message. */
function change(state: RelayState, side: Side, part: Partial<SideState>): RelayState {
  const before = state[side];
  const after: SideState = {
    echoes: part.echoes ?? before.echoes,
    pending: part.pending ?? before.pending,
    pendingBytes: part.pendingBytes ?? before.pendingBytes,
    choked: part.choked ?? before.choked,
  };
  const { local, remote, stopping } = state;
  return side === "local" ? { local: after, remote, stopping } : { local, remote: after, stopping };
}

export function otherSide(side: Side): Side {
  return side === "local" ? "remote" : "local";
}
