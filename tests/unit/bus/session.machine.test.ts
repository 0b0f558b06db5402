import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fault } from "../../../src/base/fault.ts";
import type { Subscription } from "../../../src/bus/participant.ts";
import {
  DISCONNECT_TIMEOUT,
  FIRST_SUBSCRIBE_ID,
  type SessionEffect,
  type SessionInput,
  type SessionPolicy,
  type SessionState,
  sessionMachine,
} from "../../../src/bus/session.machine.ts";

const A: Subscription = { filter: "a/#", qos: 1 };
const B: Subscription = { filter: "b", qos: 0 };
const POLICY: SessionPolicy = {
  subscriptions: [A, B],
  reconnect: { initial: 1_000, maximum: 8_000, resetWindow: 60_000, connectTimeout: 5_000 },
  gate: { openOnResume: false, subackTimeout: 20_000, rounds: 3, onRejected: "continue" },
};
const ID = FIRST_SUBSCRIBE_ID;
const LOST = fault("connection-lost", "gone");

const open: SessionInput = { kind: "open" };
const timer: SessionInput = { kind: "timer" };
const drained: SessionInput = { kind: "drained" };
const close: SessionInput = { kind: "close", timeout: 3_000 };
const connected = (sessionPresent = false, at = 0): SessionInput => ({ kind: "connected", sessionPresent, at });
const suback = (packetId: number, ...returnCodes: number[]): SessionInput => ({
  kind: "subscribed",
  packetId,
  returnCodes,
});
const lost = (at = 0): SessionInput => ({ kind: "lost", fault: LOST, at, random: 0.5 });
const subscribed = [suback(ID, 1), suback(ID + 1, 0)];

function run(inputs: readonly SessionInput[], policy: SessionPolicy = POLICY) {
  const machine = sessionMachine(policy);
  let state = machine.initial;
  let effects: readonly SessionEffect[] = [];
  for (const input of inputs) ({ state, effects } = machine.step(state, input));
  return { state, effects, last: effects };
}

const kinds = (effects: readonly SessionEffect[]) =>
  effects.map((effect) => (effect.kind === "tell" ? `tell ${effect.event.kind}` : effect.kind));

/** How to get into each state. */
const INTO: Readonly<Record<SessionState["kind"], readonly SessionInput[]>> = {
  idle: [],
  connecting: [open],
  subscribing: [open, connected()],
  ready: [open, connected(), ...subscribed],
  "backing-off": [open, lost()],
  draining: [open, connected(), ...subscribed, close],
  disconnecting: [open, connected(), ...subscribed, close, drained],
  stopped: [close],
};

const INPUTS = {
  open,
  connected: connected(),
  subscribed: suback(ID, 1),
  lost: lost(),
  timer,
  close,
  drained,
} as const;

type Cell = readonly [next: SessionState["kind"], ...effects: string[]];
type Row = Partial<Readonly<Record<keyof typeof INPUTS, Cell>>>;

/** All transitions; an input that a row does not name changes nothing. */
const TABLE: Readonly<Record<SessionState["kind"], Row>> = {
  idle: {
    open: ["connecting", "start-timer", "connect"],
    close: ["stopped", "stop-timer", "close-gate", "tell stopped"],
  },
  connecting: {
    connected: ["subscribing", "tell connected", "subscribe", "subscribe", "start-timer"],
    lost: ["backing-off", "close-gate", "tell disconnected", "start-timer"],
    timer: ["connecting", "abort"],
    close: ["disconnecting", "stop-timer", "abort"],
  },
  subscribing: {
    subscribed: ["subscribing"],
    lost: ["backing-off", "close-gate", "tell disconnected", "start-timer"],
    timer: ["subscribing", "log", "subscribe", "subscribe", "start-timer"],
    close: ["draining", "start-timer", "drain"],
  },
  ready: {
    subscribed: ["ready"],
    lost: ["backing-off", "close-gate", "tell disconnected", "start-timer"],
    close: ["draining", "start-timer", "drain"],
  },
  "backing-off": {
    timer: ["connecting", "start-timer", "connect"],
    close: ["stopped", "stop-timer", "close-gate", "tell stopped"],
  },
  draining: {
    drained: ["disconnecting", "close-gate", "start-timer", "disconnect"],
    timer: ["disconnecting", "abort"],
    lost: ["stopped", "stop-timer", "close-gate", "tell stopped"],
  },
  disconnecting: {
    timer: ["disconnecting", "abort"],
    lost: ["stopped", "stop-timer", "close-gate", "tell stopped"],
  },
  stopped: {},
};

describe("every transition of a session", () => {
  for (const [state, before] of Object.entries(INTO) as [SessionState["kind"], readonly SessionInput[]][]) {
    for (const [name, input] of Object.entries(INPUTS) as [keyof typeof INPUTS, SessionInput][]) {
      const [next, ...effects] = TABLE[state][name] ?? [state];
      test(`${state} on ${name} becomes ${next}${effects.length === 0 ? "" : ` and does ${effects.join(", ")}`}`, () => {
        expect(run(before).state.kind).toBe(state);
        const after = run([...before, input]);
        expect(after.state.kind).toBe(next);
        expect(kinds(after.effects)).toEqual(effects);
      });
    }
  }
});

describe("the gate", () => {
  test("gets one SUBSCRIBE for each filter, each under a packet id of its own", () => {
    expect(run([open, connected()]).effects).toContainEqual({ kind: "subscribe", packetId: ID, subscription: A });
    expect(run([open, connected()]).effects).toContainEqual({ kind: "subscribe", packetId: ID + 1, subscription: B });
  });

  test("opens with the last SUBACK of the round", () => {
    const { state, effects } = run([open, connected(), ...subscribed]);
    expect(state.kind).toBe("ready");
    expect(kinds(effects)).toEqual(["stop-timer", "open-gate", "tell ready"]);
    expect(effects).toContainEqual({ kind: "open-gate", first: true, sessionPresent: false });
  });

  test("stays closed for the same SUBACK twice and for an unknown packet id", () => {
    const { state, effects } = run([open, connected(), suback(ID, 1), suback(ID, 1), suback(7, 1)]);
    expect(state.kind).toBe("subscribing");
    expect(effects).toEqual([]);
  });

  test("counts return codes, not packets", () => {
    expect(run([open, connected(), suback(ID, 1, 1)]).state.kind).toBe("ready");
  });

  test("opens at once on a resumed session where the policy says so, after subscribing all the same", () => {
    const policy = { ...POLICY, gate: { ...POLICY.gate, openOnResume: true } };
    const { state, effects } = run([open, connected(true)], policy);
    expect(state.kind).toBe("ready");
    expect(kinds(effects)).toEqual([
      "tell connected",
      "subscribe",
      "subscribe",
      "stop-timer",
      "open-gate",
      "tell ready",
    ]);
    expect(run([open, connected(false)], policy).state.kind).toBe("subscribing");
    expect(run([open, connected(true)]).state.kind).toBe("subscribing");
  });

  test("opens at once when there is nothing to subscribe to", () => {
    expect(run([open, connected()], { ...POLICY, subscriptions: [] }).state.kind).toBe("ready");
  });

  test("ignores the SUBACKs of a former round", () => {
    const inputs = [open, connected(), timer];
    expect(run([...inputs, ...subscribed]).state.kind).toBe("subscribing");
    expect(run([...inputs, suback(ID + 2, 1), suback(ID + 3, 1)]).state.kind).toBe("ready");
  });

  test("opens anyway after the last round, with an error", () => {
    const { state, effects } = run([open, connected(), timer, timer, timer]);
    expect(state.kind).toBe("ready");
    expect(kinds(effects)).toEqual(["log", "stop-timer", "open-gate", "tell ready"]);
    expect(effects[0]).toMatchObject({ level: "error" });
  });

  test("counts a refused subscription and goes on, where the policy says so", () => {
    const { state, effects } = run([open, connected(), suback(ID, 1), suback(ID + 1, 0x80)]);
    expect(state.kind).toBe("ready");
    expect(effects[0]).toEqual({ kind: "tell", event: { kind: "subscription-rejected", filter: "b" } });
  });

  test("ends the session for a refused subscription, where the policy says so, with a fault that names the filter", () => {
    const policy = { ...POLICY, gate: { ...POLICY.gate, onRejected: "stop" as const } };
    const refused = [open, connected(), suback(ID, 0x80)];
    expect(kinds(run(refused, policy).effects)).toEqual([
      "tell subscription-rejected",
      "close-gate",
      "start-timer",
      "disconnect",
    ]);
    const { state } = run([...refused, lost()], policy);
    expect(state).toMatchObject({
      kind: "stopped",
      fault: { code: "subscription-refused", detail: { filter: "a/#" } },
    });
  });

  test("ends the session also for a refusal that comes after a resumed session was opened", () => {
    const policy = { ...POLICY, gate: { ...POLICY.gate, openOnResume: true, onRejected: "stop" as const } };
    expect(run([open, connected(true), suback(ID, 0x80)], policy).state.kind).toBe("disconnecting");
  });

  test("uses packet ids of subscriptions only, for ever", () => {
    const machine = sessionMachine({ ...POLICY, subscriptions: Array(100).fill(A) });
    let { state } = machine.step(machine.initial, open);
    for (let round = 0; round < 1_000; round += 1) {
      const step = machine.step(state, connected());
      const ids = step.effects.flatMap((effect) => (effect.kind === "subscribe" ? [effect.packetId] : []));
      expect(new Set(ids).size).toBe(100);
      expect(Math.min(...ids)).toBeGreaterThanOrEqual(ID);
      expect(Math.max(...ids)).toBeLessThanOrEqual(0xffff);
      state = machine.step(machine.step(step.state, lost()).state, timer).state;
    }
  });
});

describe("what participants are told of a connection", () => {
  const again = [lost(), timer];
  const gate = (inputs: readonly SessionInput[]) => run(inputs).effects.find((effect) => effect.kind === "open-gate");
  const next = (round: number) => [suback(ID + 2 * round, 1), suback(ID + 2 * round + 1, 1)];

  test("is `first` until one got ready", () => {
    expect(gate([open, connected(), ...again, connected(true), ...next(1)])).toMatchObject({ first: true });
    expect(gate([open, connected(), ...next(0), ...again, connected(true), ...next(1)])).toMatchObject({
      first: false,
    });
  });

  test("is that the session was missing, if it was missing on any connection since they were last told", () => {
    const unnoticed = [open, connected(true), ...next(0), ...again, connected(false), ...again, connected(true)];
    expect(gate([...unnoticed, ...next(2)])).toMatchObject({ first: false, sessionPresent: false });
    const told = [...unnoticed, ...next(2), ...again, connected(true), ...next(3)];
    expect(gate(told)).toMatchObject({ sessionPresent: true });
  });
});

describe("the back-off", () => {
  const delay = (inputs: readonly SessionInput[], policy?: SessionPolicy) =>
    run(inputs, policy).effects.find((effect) => effect.kind === "start-timer")?.milliseconds;
  const failures = (count: number) => [
    open,
    ...Array(count - 1)
      .fill([lost(), timer])
      .flat(),
    lost(),
  ];

  test("doubles from the initial to the maximum delay", () => {
    expect([1, 2, 3, 4, 5].map((count) => delay(failures(count)))).toEqual([1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  test("spreads by half in both directions", () => {
    expect(delay([open, { ...lost(), random: 0 } as SessionInput])).toBe(500);
    expect(delay([open, { ...lost(), random: 0.999_999 } as SessionInput])).toBe(1_500);
  });

  test("of 0 tries again at once", () => {
    expect(delay(failures(3), { ...POLICY, reconnect: { ...POLICY.reconnect, initial: 0 } })).toBe(0);
  });

  test("goes on where it was when the connection did not hold for the reset window", () => {
    expect(delay([...failures(2), timer, connected(true, 1_000), lost(60_999)])).toBe(4_000);
  });

  test("begins anew when the connection held for the reset window", () => {
    expect(delay([...failures(2), timer, connected(true, 1_000), lost(61_000)])).toBe(1_000);
  });

  test("tells how long it is and why", () => {
    expect(run(failures(1)).effects).toContainEqual({
      kind: "tell",
      event: { kind: "disconnected", fault: LOST, retryIn: 1_000 },
    });
  });
});

describe("closing", () => {
  test("gives what waits the time that was asked for, then aborts without DISCONNECT, so that the will is published", () => {
    expect(run(INTO.draining).effects).toContainEqual({ kind: "start-timer", milliseconds: 3_000 });
    expect(kinds(run([...INTO.draining, timer]).effects)).toEqual(["abort"]);
    expect(run([...INTO.draining, timer, lost()]).state).toEqual({ kind: "stopped" });
  });

  test("gives the broker a moment to close the connection after DISCONNECT", () => {
    expect(run(INTO.disconnecting).effects).toContainEqual({ kind: "start-timer", milliseconds: DISCONNECT_TIMEOUT });
  });

  test("before the first connection stops as soon as the attempt is aborted", () => {
    expect(run([open, close, lost()]).state).toEqual({ kind: "stopped" });
  });
});

test("whatever comes, a session never connects twice at a time, never publishes without connection, and ends for good", () => {
  const input = fc.oneof(
    fc.constantFrom(open, timer, close, drained, connected(), connected(true), lost()),
    fc.integer({ min: ID - 1, max: ID + 9 }).map((packetId) => suback(packetId, 1)),
  );
  const policy = fc.record({
    openOnResume: fc.boolean(),
    onRejected: fc.constantFrom("stop" as const, "continue" as const),
  });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 60 }), policy, (inputs, gate) => {
      const machine = sessionMachine({ ...POLICY, gate: { ...POLICY.gate, ...gate } });
      let state = machine.initial;
      let hasLink = false;
      let isAccepted = false;
      let isStopped = false;
      for (const next of inputs) {
        // The wire says `connected` only of a pending attempt and `lost` only of a link.
        if (next.kind === "connected" && (!hasLink || isAccepted)) continue;
        if (next.kind === "lost" && !hasLink) continue;
        if (next.kind === "lost") hasLink = isAccepted = false;
        if (next.kind === "connected") isAccepted = true;
        const step = machine.step(state, next);
        for (const effect of step.effects) {
          expect(isStopped).toBe(false);
          if (effect.kind === "connect") {
            expect(hasLink).toBe(false);
            hasLink = true;
          }
          if (effect.kind === "open-gate" || effect.kind === "drain" || effect.kind === "subscribe") {
            expect(isAccepted).toBe(true);
          }
        }
        state = step.state;
        if (state.kind === "stopped") {
          expect(hasLink).toBe(false);
          isStopped = true;
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
