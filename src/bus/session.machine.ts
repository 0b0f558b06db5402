import { type BackoffPolicy, backoffDelay } from "../base/backoff.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Fault } from "../base/fault.ts";
import type { Machine, Step } from "../base/machine.ts";
import type { Connection, Subscription } from "./participant.ts";
import type { GatePolicy, ReconnectPolicy, SessionEvent } from "./session.ts";

/**
 * The life of one session, of a service or of one side of a bridge (spec/mqtt-api §14.2, spec/bridges-and-mappers §1.2, §1.3, §1.7).
 * At most one timer runs at a time: starting one replaces the former.
 */
export interface SessionPolicy {
  readonly subscriptions: readonly Subscription[];
  readonly reconnect: ReconnectPolicy;
  readonly gate: GatePolicy;
}

export type SessionState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly history: History }
  | ({ readonly kind: "subscribing"; readonly history: History; readonly round: number } & Standing)
  | ({ readonly kind: "ready"; readonly history: History } & Standing)
  | { readonly kind: "backing-off"; readonly history: History }
  /** Closing: what waits and the farewell are on their way. */
  | { readonly kind: "draining" }
  /** DISCONNECT is sent, or the connection aborted; the wire has not said that it is closed. */
  | { readonly kind: "disconnecting"; readonly fault?: Fault }
  | { readonly kind: "stopped"; readonly fault?: Fault };

/** What is remembered from one connection to the next. */
export interface History {
  /** Failures in a row, as the back-off counts them. */
  readonly failures: number;
  /** No connection got ready so far. */
  readonly first: boolean;
  /** The broker resumed the session on every connection since the last that got ready. */
  readonly resumed: boolean;
  readonly nextPacketId: number;
}

/** A connection that the broker accepted. */
export interface Standing {
  /** Monotonic time of CONNACK. */
  readonly since: number;
  /** Filters by the packet id of this round's SUBSCRIBEs that were not answered yet. */
  readonly pending: ReadonlyMap<number, string>;
  /** Return codes received in this round. */
  readonly granted: number;
}

/** `at` is monotonic time in milliseconds, `random` a number in [0, 1). */
export type SessionInput =
  | { readonly kind: "open" }
  | { readonly kind: "connected"; readonly sessionPresent: boolean; readonly at: number }
  | { readonly kind: "subscribed"; readonly packetId: number; readonly returnCodes: readonly number[] }
  | { readonly kind: "lost"; readonly fault: Fault; readonly at: number; readonly random: number }
  | { readonly kind: "timer" }
  | { readonly kind: "close"; readonly timeout: number }
  /** Everything that had to be published is acknowledged; counts while draining. */
  | { readonly kind: "drained" };

export type SessionEffect =
  | { readonly kind: "connect" }
  | { readonly kind: "subscribe"; readonly packetId: number; readonly subscription: Subscription }
  /** Publishing may begin, with what leads each connection. */
  | ({ readonly kind: "open-gate" } & Connection)
  | { readonly kind: "close-gate" }
  /** Publish what waits, the farewell last, and say `drained`. */
  | { readonly kind: "drain" }
  | { readonly kind: "disconnect" }
  | { readonly kind: "abort"; readonly fault: Fault }
  | { readonly kind: "start-timer"; readonly milliseconds: number }
  | { readonly kind: "stop-timer" }
  | { readonly kind: "tell"; readonly event: SessionEvent }
  | { readonly kind: "log"; readonly level: "warn" | "error"; readonly text: string };

/** Subscriptions use packet ids from this one up, publications those below. */
export const FIRST_SUBSCRIBE_ID = 0x8000;
const SUBSCRIBE_IDS = 0x8000;

/** Milliseconds that a broker gets to close the connection after DISCONNECT. */
export const DISCONNECT_TIMEOUT = 1_000;

const REFUSED = 0x80;

type Next = Step<SessionState, SessionEffect>;
type Of<Kind extends SessionState["kind"]> = Extract<SessionState, { kind: Kind }>;

export function sessionMachine(policy: SessionPolicy): Machine<SessionState, SessionInput, SessionEffect> {
  return {
    initial: { kind: "idle" },
    step(state, input) {
      switch (state.kind) {
        case "idle":
          return idle(policy, state, input);
        case "connecting":
          return connecting(policy, state, input);
        case "subscribing":
          return subscribing(policy, state, input);
        case "ready":
          return ready(policy, state, input);
        case "backing-off":
          return backingOff(policy, state, input);
        case "draining":
          return draining(state, input);
        case "disconnecting":
          return disconnecting(state, input);
        case "stopped":
          return stay(state);
        default:
          return exhaustive(state);
      }
    },
  };
}

function idle(policy: SessionPolicy, state: Of<"idle">, input: SessionInput): Next {
  switch (input.kind) {
    case "open":
      return connect(policy, { failures: 0, first: true, resumed: true, nextPacketId: FIRST_SUBSCRIBE_ID });
    case "close":
      return stop();
    default:
      return stay(state);
  }
}

function connecting(policy: SessionPolicy, state: Of<"connecting">, input: SessionInput): Next {
  switch (input.kind) {
    case "connected":
      return accepted(policy, state.history, input.sessionPresent, input.at);
    case "lost":
      return backOff(policy, state.history, input);
    case "timer":
      return { state, effects: [{ kind: "abort", fault: connectTimeout(policy.reconnect.connectTimeout) }] };
    case "close":
      return abandon();
    default:
      return stay(state);
  }
}

function subscribing(policy: SessionPolicy, state: Of<"subscribing">, input: SessionInput): Next {
  switch (input.kind) {
    case "subscribed":
      return answered(policy, state, input);
    case "lost":
      return backOff(policy, survived(policy, state, input.at), input);
    case "timer":
      return subscribeAgain(policy, state);
    case "close":
      return drain(input.timeout);
    default:
      return stay(state);
  }
}

function ready(policy: SessionPolicy, state: Of<"ready">, input: SessionInput): Next {
  switch (input.kind) {
    case "subscribed":
      return answered(policy, state, input);
    case "lost":
      return backOff(policy, survived(policy, state, input.at), input);
    case "close":
      return drain(input.timeout);
    default:
      return stay(state);
  }
}

function backingOff(policy: SessionPolicy, state: Of<"backing-off">, input: SessionInput): Next {
  switch (input.kind) {
    case "timer":
      return connect(policy, state.history);
    case "close":
      return stop();
    default:
      return stay(state);
  }
}

function draining(state: Of<"draining">, input: SessionInput): Next {
  switch (input.kind) {
    case "drained":
      return disconnect();
    case "timer":
      // Without DISCONNECT: the broker then publishes the will in place of the farewell.
      return { state: { kind: "disconnecting" }, effects: [{ kind: "abort", fault: DRAIN_TIMEOUT }] };
    case "lost":
      return stop();
    default:
      return stay(state);
  }
}

function disconnecting(state: Of<"disconnecting">, input: SessionInput): Next {
  switch (input.kind) {
    case "lost":
      return stop(state.fault);
    case "timer":
      return { state, effects: [{ kind: "abort", fault: DISCONNECT_UNANSWERED }] };
    default:
      return stay(state);
  }
}

function stay(state: SessionState): Next {
  return { state, effects: [] };
}

function connect(policy: SessionPolicy, history: History): Next {
  return {
    state: { kind: "connecting", history },
    effects: [{ kind: "start-timer", milliseconds: policy.reconnect.connectTimeout }, { kind: "connect" }],
  };
}

/** CONNACK: every filter is subscribed to, also when the session was resumed, so that retained messages come again. */
function accepted(policy: SessionPolicy, before: History, sessionPresent: boolean, since: number): Next {
  const { packetIds, history } = subscribeIds(policy, { ...before, resumed: before.resumed && sessionPresent });
  const state: Of<"subscribing"> = { kind: "subscribing", history, since, round: 1, granted: 0, pending: packetIds };
  const effects: SessionEffect[] = [
    { kind: "tell", event: { kind: "connected", ...connectionOf(history) } },
    ...subscribeEffects(policy, packetIds),
  ];
  if (policy.subscriptions.length === 0 || (sessionPresent && policy.gate.openOnResume)) {
    return open(state, effects);
  }
  return { state, effects: [...effects, { kind: "start-timer", milliseconds: policy.gate.subackTimeout }] };
}

function subscribeAgain(policy: SessionPolicy, state: Of<"subscribing">): Next {
  const seconds = policy.gate.subackTimeout / 1_000;
  if (state.round >= policy.gate.rounds) {
    const text = `Subscriptions not acknowledged after ${state.round} rounds of ${seconds} s; publishing anyway`;
    return open(state, [{ kind: "log", level: "error", text }]);
  }
  const { packetIds, history } = subscribeIds(policy, state.history);
  return {
    state: { ...state, history, round: state.round + 1, granted: 0, pending: packetIds },
    effects: [
      { kind: "log", level: "warn", text: `Subscriptions not acknowledged within ${seconds} s; subscribing again` },
      ...subscribeEffects(policy, packetIds),
      { kind: "start-timer", milliseconds: policy.gate.subackTimeout },
    ],
  };
}

/** SUBACK. One for a former round or an unknown packet id is ignored; one of this round counts by its return codes. */
function answered(
  policy: SessionPolicy,
  before: Of<"subscribing"> | Of<"ready">,
  input: Extract<SessionInput, { kind: "subscribed" }>,
): Next {
  const filter = before.pending.get(input.packetId);
  if (filter === undefined) return stay(before);
  const pending = new Map(before.pending);
  pending.delete(input.packetId);
  const state = { ...before, pending, granted: before.granted + input.returnCodes.length };
  const isRejected = input.returnCodes.some((code) => code >= REFUSED);
  const effects: SessionEffect[] = isRejected
    ? [{ kind: "tell", event: { kind: "subscription-rejected", filter } }]
    : [];
  if (isRejected && policy.gate.onRejected === "stop") return disconnect(subscriptionRefused(filter), effects);
  if (state.kind === "subscribing" && state.granted >= policy.subscriptions.length) return open(state, effects);
  return { state, effects };
}

function open(before: Of<"subscribing">, effects: readonly SessionEffect[]): Next {
  const { history, since, pending, granted } = before;
  return {
    state: { kind: "ready", history: { ...history, first: false, resumed: true }, since, pending, granted },
    effects: [
      ...effects,
      { kind: "stop-timer" },
      { kind: "open-gate", ...connectionOf(history) },
      { kind: "tell", event: { kind: "ready" } },
    ],
  };
}

/** The delay begins anew if the connection held for the whole reset window; otherwise doubling goes on where it was. */
function survived(policy: SessionPolicy, state: Of<"subscribing"> | Of<"ready">, at: number): History {
  return at - state.since >= policy.reconnect.resetWindow ? { ...state.history, failures: 0 } : state.history;
}

function backOff(policy: SessionPolicy, before: History, input: Extract<SessionInput, { kind: "lost" }>): Next {
  const history = { ...before, failures: before.failures + 1 };
  const retryIn = backoffDelay(backoffPolicy(policy.reconnect), history.failures, input.random);
  const effects: SessionEffect[] = [
    { kind: "close-gate" },
    { kind: "tell", event: { kind: "disconnected", fault: input.fault, retryIn } },
  ];
  return {
    state: { kind: "backing-off", history },
    effects: [...effects, { kind: "start-timer", milliseconds: retryIn }],
  };
}

function drain(timeout: number): Next {
  return { state: { kind: "draining" }, effects: [{ kind: "start-timer", milliseconds: timeout }, { kind: "drain" }] };
}

function disconnect(fault?: Fault, effects: readonly SessionEffect[] = []): Next {
  return {
    state: { kind: "disconnecting", ...because(fault) },
    effects: [
      ...effects,
      { kind: "close-gate" },
      { kind: "start-timer", milliseconds: DISCONNECT_TIMEOUT },
      { kind: "disconnect" },
    ],
  };
}

/** Gives up a connection that is not made yet. */
function abandon(): Next {
  return {
    state: { kind: "disconnecting" },
    effects: [{ kind: "stop-timer" }, { kind: "abort", fault: CLOSED }],
  };
}

function stop(fault?: Fault): Next {
  return {
    state: { kind: "stopped", ...because(fault) },
    effects: [
      { kind: "stop-timer" },
      { kind: "close-gate" },
      { kind: "tell", event: { kind: "stopped", ...because(fault) } },
    ],
  };
}

function because(fault: Fault | undefined): { readonly fault?: Fault } {
  return fault === undefined ? {} : { fault };
}

/** What participants are told: the session counts as present only if no connection since they were last told found it missing. */
function connectionOf(history: History): Connection {
  return { sessionPresent: history.resumed, first: history.first };
}

function subscribeIds(policy: SessionPolicy, history: History) {
  const packetIds = new Map<number, string>();
  let next = history.nextPacketId;
  for (const { filter } of policy.subscriptions) {
    packetIds.set(next, filter);
    next = FIRST_SUBSCRIBE_ID + ((next + 1 - FIRST_SUBSCRIBE_ID) % SUBSCRIBE_IDS);
  }
  return { packetIds, history: { ...history, nextPacketId: next } };
}

function subscribeEffects(policy: SessionPolicy, packetIds: ReadonlyMap<number, string>): SessionEffect[] {
  const ids = [...packetIds.keys()];
  return policy.subscriptions.flatMap((subscription, index) => {
    const packetId = ids[index];
    return packetId === undefined ? [] : [{ kind: "subscribe" as const, packetId, subscription }];
  });
}

function backoffPolicy(reconnect: ReconnectPolicy): BackoffPolicy {
  return { initial: reconnect.initial, maximum: reconnect.maximum, factor: 2, jitter: 0.5 };
}

const CLOSED: Fault = { code: "closed", message: "the session was closed" };
const DRAIN_TIMEOUT: Fault = { code: "timeout", message: "not everything was acknowledged in time" };
const DISCONNECT_UNANSWERED: Fault = { code: "timeout", message: "the broker did not close the connection" };

function connectTimeout(milliseconds: number): Fault {
  return {
    code: "timeout",
    message: `what listens there did not answer like an MQTT broker within ${milliseconds / 1_000} s`,
  };
}

function subscriptionRefused(filter: string): Fault {
  return {
    code: "subscription-refused",
    message: `The broker refused the subscription to ${filter}`,
    detail: { filter },
  };
}
