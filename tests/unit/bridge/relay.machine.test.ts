import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  ECHO_PATIENCE,
  MOST_ECHOES,
  type RelayEffect,
  type RelayInput,
  type RelayPolicy,
  relayMachine,
} from "../../../src/bridge/relay.machine.ts";
import { createRouter, type Side } from "../../../src/bridge/route.ts";
import type { Message, QoS, ReceivedMessage } from "../../../src/bus/message.ts";
import type { PublishOutcome } from "../../../src/bus/participant.ts";
import { wireSize } from "../../../src/bus/wire-size.ts";

const ROUTER = createRouter([
  { localPrefix: "l/", remotePrefix: "r/", topic: "#", direction: "outbound" },
  { localPrefix: "in/", remotePrefix: "cmd/", topic: "#", direction: "inbound" },
  { localPrefix: "both/", remotePrefix: "shadow/", topic: "#", direction: "bidirectional" },
]);

interface Options {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly at?: number;
}

/** A relay driven by hand; every call gives the effects of one step. */
function makeRelay(change: Partial<RelayPolicy> = {}) {
  const machine = relayMachine({
    router: ROUTER,
    wireSize,
    limits: { local: 1_000, remote: 100 },
    capacity: { messages: 3, bytes: 1_000 },
    redelivers: { local: true, remote: true },
    ...change,
  });
  let state = machine.initial;
  const forwarded = new Map<number, { readonly to: Side; readonly message: Message }>();
  const send = (input: RelayInput): readonly RelayEffect[] => {
    const step = machine.step(state, input);
    state = step.state;
    for (const effect of step.effects) if (effect.kind === "forward") forwarded.set(effect.id, effect);
    return step.effects;
  };
  let id = 0;
  const receive = (from: Side, topic: string, text = "x", { qos = 1, retain = false, at = 0 }: Options = {}) => {
    id += 1;
    const message: ReceivedMessage = { topic, payload: Buffer.from(text), qos, retain, dup: false };
    return send({ kind: "received", id, from, message, at });
  };
  const settle = (which: number, outcome: PublishOutcome = "delivered", at = 0) => {
    const { to, message } = forwarded.get(which) ?? {
      to: "remote",
      message: { topic: "", payload: Buffer.of(), qos: 1, retain: false },
    };
    return send({ kind: "settled", id: which, to, message, outcome, at });
  };
  const kinds = (effects: readonly RelayEffect[]) => effects.map(({ kind }) => kind);
  return {
    send,
    receive,
    settle,
    kinds,
    get state() {
      return state;
    },
  };
}

describe("a received message", () => {
  test("is forwarded with its QoS, retain flag and payload, and no acknowledgement", () => {
    const relay = makeRelay();
    expect(relay.receive("local", "l/a", "text", { qos: 0, retain: true })).toEqual([
      {
        kind: "forward",
        id: 1,
        to: "remote",
        message: { topic: "r/a", payload: Buffer.from("text"), qos: 0, retain: true },
      },
    ]);
    expect(relay.receive("remote", "cmd/a", "")).toEqual([
      { kind: "forward", id: 2, to: "local", message: { topic: "in/a", payload: Buffer.of(), qos: 1, retain: false } },
    ]);
  });

  test("is acknowledged once the other broker has it", () => {
    const relay = makeRelay();
    relay.receive("local", "l/a");
    expect(relay.settle(1)).toEqual([{ kind: "acknowledge", id: 1 }]);
  });

  test("of QoS 0 needs no acknowledgement, whatever becomes of it", () => {
    const relay = makeRelay();
    relay.receive("local", "l/a", "x", { qos: 0 });
    expect(relay.settle(1, "dropped")).toEqual([]);
  });

  test("without a rule is acknowledged, dropped and reported", () => {
    const relay = makeRelay();
    expect(relay.receive("local", "cmd/a")).toEqual([
      { kind: "acknowledge", id: 1 },
      { kind: "report", loss: { kind: "no-route", topic: "cmd/a" } },
    ]);
  });

  test("for the remote broker may be as large as the limit, measured with the target topic, and not larger", () => {
    const relay = makeRelay({ limits: { local: 1_000, remote: 21 } });
    expect(relay.kinds(relay.receive("local", "l/y/z", "0123456789"))).toEqual(["forward"]);
    expect(relay.receive("local", "l/y/zz", "0123456789")).toEqual([
      { kind: "acknowledge", id: 2 },
      { kind: "report", loss: { kind: "oversized", to: "remote", topic: "r/y/zz", size: 22, limit: 21 } },
    ]);
    expect(relay.kinds(relay.receive("remote", "cmd/a", "0".repeat(500)))).toEqual(["forward"]);
  });
});

describe("an echo", () => {
  const forwardBoth = (text = "x", options: Options = {}) => {
    const relay = makeRelay({ capacity: { messages: 10_000, bytes: 1e9 } });
    relay.receive("local", "both/a", text, options);
    return relay;
  };

  test("of what a bidirectional rule forwarded is acknowledged and dropped, once", () => {
    const relay = forwardBoth();
    expect(relay.receive("remote", "shadow/a")).toEqual([{ kind: "acknowledge", id: 2 }]);
    expect(relay.kinds(relay.receive("remote", "shadow/a"))).toEqual(["forward"]);
  });

  test("differs from what was sent in nothing but a retain flag that went off", () => {
    expect(forwardBoth().kinds(forwardBoth().receive("remote", "shadow/b"))).toEqual(["forward"]);
    expect(forwardBoth().kinds(forwardBoth().receive("remote", "shadow/a", "y"))).toEqual(["forward"]);
    expect(forwardBoth().kinds(forwardBoth().receive("remote", "shadow/a", "x", { qos: 0 }))).toEqual(["forward"]);
    expect(forwardBoth().kinds(forwardBoth().receive("remote", "shadow/a", "x", { retain: true }))).toEqual([
      "forward",
    ]);
    expect(forwardBoth().kinds(forwardBoth("x", { retain: true }).receive("remote", "shadow/a"))).toEqual([
      "acknowledge",
    ]);
  });

  test("is recognised behind others that were lost, and those are not waited for on the same topic", () => {
    const relay = forwardBoth("lost");
    relay.receive("local", "both/other", "late");
    relay.receive("local", "both/a", "second");
    expect(relay.kinds(relay.receive("remote", "shadow/a", "second"))).toEqual(["acknowledge"]);
    expect(relay.kinds(relay.receive("remote", "shadow/a", "lost"))).toEqual(["forward"]);
    expect(relay.kinds(relay.receive("remote", "shadow/other", "late"))).toEqual(["acknowledge"]);
  });

  test("is waited for as long as the broker does not have the message, and then 100 s", () => {
    const waiting = forwardBoth();
    expect(waiting.kinds(waiting.receive("remote", "shadow/a", "x", { at: 10 * ECHO_PATIENCE }))).toEqual([
      "acknowledge",
    ]);
    const delivered = forwardBoth();
    delivered.settle(1, "delivered", 5);
    const inTime = { at: ECHO_PATIENCE + 4 };
    expect(delivered.kinds(delivered.receive("remote", "shadow/a", "x", inTime))).toEqual(["acknowledge"]);
    const late = forwardBoth();
    late.settle(1, "delivered", 5);
    expect(late.kinds(late.receive("remote", "shadow/a", "x", { at: ECHO_PATIENCE + 5 }))).toEqual(["forward"]);
  });

  test("is not waited for when the message was not delivered, or the broker lost the session after it", () => {
    const refused = forwardBoth();
    refused.settle(1, "closed");
    expect(refused.kinds(refused.receive("remote", "shadow/a"))).toEqual(["forward"]);
    const lost = forwardBoth();
    lost.settle(1);
    lost.send({ kind: "connected", side: "remote", sessionPresent: false });
    expect(lost.kinds(lost.receive("remote", "shadow/a"))).toEqual(["forward"]);
    const resumed = forwardBoth();
    resumed.settle(1);
    resumed.send({ kind: "connected", side: "remote", sessionPresent: true });
    expect(resumed.kinds(resumed.receive("remote", "shadow/a"))).toEqual(["acknowledge"]);
  });

  test("is still waited for when the message will be sent only after the session was lost", () => {
    const relay = forwardBoth();
    relay.send({ kind: "connected", side: "remote", sessionPresent: false });
    expect(relay.kinds(relay.receive("remote", "shadow/a"))).toEqual(["acknowledge"]);
  });

  test("ends a message's way: it does not come back to where it started", () => {
    const relay = makeRelay();
    relay.receive("remote", "shadow/a");
    expect(relay.kinds(relay.receive("local", "both/a"))).toEqual(["acknowledge"]);
  });

  test("is not looked for among more than a bound", () => {
    const relay = forwardBoth("first");
    for (let index = 0; index < MOST_ECHOES; index += 1) relay.receive("local", "both/b", String(index));
    expect(relay.state.remote.echoes).toHaveLength(MOST_ECHOES);
    expect(relay.kinds(relay.receive("remote", "shadow/a", "first"))).toEqual(["forward"]);
  });
});

describe("a bridge that has as much on its way as it can hold", () => {
  const full = (change: Partial<RelayPolicy> = {}) => {
    const relay = makeRelay(change);
    for (const text of ["1", "2", "3"]) relay.receive("local", "l/a", text);
    return relay;
  };

  test("leaves the next message to its broker, and those behind it too, until all before it are through", () => {
    const relay = full();
    expect(relay.receive("local", "l/a", "4")).toEqual([{ kind: "leave", id: 4 }]);
    expect(relay.settle(1)).toEqual([{ kind: "acknowledge", id: 1 }]);
    expect(relay.receive("local", "l/a", "5")).toEqual([{ kind: "leave", id: 5 }]);
    relay.settle(2);
    expect(relay.settle(3)).toEqual([
      { kind: "acknowledge", id: 3 },
      { kind: "reconnect", side: "local" },
    ]);
    relay.send({ kind: "connected", side: "local", sessionPresent: true });
    expect(relay.kinds(relay.receive("local", "l/a", "4"))).toEqual(["forward"]);
  });

  test("still takes QoS 0, and the other direction", () => {
    const relay = full();
    expect(relay.kinds(relay.receive("local", "l/a", "x", { qos: 0 }))).toEqual(["forward"]);
    expect(relay.kinds(relay.receive("remote", "cmd/a"))).toEqual(["forward"]);
  });

  test("counts bytes too", () => {
    const relay = makeRelay({ capacity: { messages: 100, bytes: 30 } });
    expect(relay.kinds(relay.receive("local", "l/a", "0123456789"))).toEqual(["forward"]);
    expect(relay.kinds(relay.receive("local", "l/a", "0123456789"))).toEqual(["leave"]);
  });

  test("drops and reports where the broker would not deliver again", () => {
    const relay = full({ redelivers: { local: false, remote: true } });
    expect(relay.receive("local", "l/a", "4")).toEqual([
      { kind: "acknowledge", id: 4 },
      { kind: "report", loss: { kind: "no-room", to: "remote", topic: "r/a" } },
    ]);
  });

  test("begins anew when the broker connects again by itself", () => {
    const relay = full();
    relay.receive("local", "l/a", "4");
    relay.settle(1);
    relay.send({ kind: "connected", side: "local", sessionPresent: true });
    expect(relay.kinds(relay.receive("local", "l/a", "4"))).toEqual(["forward"]);
  });
});

describe("a message that the outbox did not take", () => {
  test("is left to its broker, which has to deliver it again", () => {
    const relay = makeRelay();
    relay.receive("local", "l/a");
    expect(relay.settle(1, "refused")).toEqual([
      { kind: "leave", id: 1 },
      { kind: "reconnect", side: "local" },
    ]);
  });

  test("is dropped and reported where its broker would not deliver it again", () => {
    const relay = makeRelay({ redelivers: { local: false, remote: true } });
    relay.receive("local", "l/a");
    expect(relay.kinds(relay.settle(1, "refused"))).toEqual(["acknowledge", "report"]);
  });

  test("is left to its broker when it is taken back, and nothing is asked for", () => {
    const relay = makeRelay();
    relay.receive("local", "l/a");
    relay.send({ kind: "stop" });
    expect(relay.settle(1, "closed")).toEqual([{ kind: "leave", id: 1 }]);
  });
});

test("A bridge that stops takes nothing more, and still acknowledges what gets through", () => {
  const relay = makeRelay();
  relay.receive("local", "l/a");
  relay.send({ kind: "stop" });
  expect(relay.receive("local", "l/a")).toEqual([{ kind: "leave", id: 2 }]);
  expect(relay.settle(1)).toEqual([{ kind: "acknowledge", id: 1 }]);
});

test("Every message of QoS 1 is in the end acknowledged or left, exactly once, and the counts come back to zero", () => {
  const step = fc.oneof(
    fc.record({ topic: fc.constantFrom("l/a", "both/a", "none"), text: fc.constantFrom("a", "b", "long".repeat(30)) }),
    fc.record({ settle: fc.nat(30), outcome: fc.constantFrom<PublishOutcome>("delivered", "refused", "closed") }),
    fc.constant({ connected: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const relay = makeRelay();
      const open = new Set<number>();
      const ended: number[] = [];
      let received = 0;
      const note = (effects: readonly RelayEffect[]) => {
        for (const effect of effects) {
          if (effect.kind === "forward") open.add(effect.id);
          if (effect.kind === "acknowledge" || effect.kind === "leave") ended.push(effect.id);
        }
      };
      const settle = (id: number, outcome: PublishOutcome) => {
        if (open.delete(id)) note(relay.settle(id, outcome));
      };
      for (const one of steps) {
        if ("topic" in one) {
          received += 1;
          note(relay.receive("local", one.topic, one.text));
        } else if ("settle" in one) settle(one.settle, one.outcome);
        else relay.send({ kind: "connected", side: "local", sessionPresent: true });
      }
      for (const id of [...open]) settle(id, "delivered");
      expect(ended.sort((left, right) => left - right)).toEqual(
        Array.from({ length: received }, (_, index) => index + 1),
      );
      expect(relay.state.remote).toMatchObject({ pending: 0, pendingBytes: 0 });
    }),
    { numRuns: 500 },
  );
});
