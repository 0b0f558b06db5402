import { describe, expect, test } from "bun:test";
import { fault } from "../../../src/base/fault.ts";
import { joinBus } from "../../../src/bus/join-bus.ts";
import type { QoS } from "../../../src/bus/message.ts";
import { transient } from "../../../src/bus/message.ts";
import type { Connection, Participant } from "../../../src/bus/participant.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { handWire, keptLog, PLAIN_OPTIONS } from "./hand-wire.ts";

/** A participant that is done with a message when the test says so. */
function participant(name: string, filters: readonly string[], qos: QoS = 1) {
  const begun: string[] = [];
  const connections: Connection[] = [];
  const finish: (() => void)[] = [];
  return {
    name,
    begun,
    connections,
    subscriptions: filters.map((filter) => ({ filter, qos })),
    receive({ topic }) {
      begun.push(topic);
      return new Promise<void>((resolve) => finish.push(resolve));
    },
    async connected(connection) {
      connections.push(connection);
    },
    async finishNext() {
      finish.shift()?.();
      await settled();
    },
  } satisfies Participant & Record<string, unknown>;
}

/** Everything that can go on without time passing has gone on. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function join(...participants: readonly Participant[]) {
  const wire = handWire();
  const log = keptLog();
  const clock = simulatedClock();
  const bus = joinBus(participants, PLAIN_OPTIONS, { clock, random: () => 0.5, log, wire });
  bus.session.open();
  wire.now.accept();
  return { bus, wire, log, clock };
}

describe("the participants of a bus", () => {
  test("share the fewest subscriptions that give each what it wants", () => {
    const { wire } = join(participant("a", ["x/#", "y/1"]), participant("b", ["x/1", "y/1", "z"]));
    expect(wire.now.subscribed.map(({ filter }) => filter)).toEqual(["x/#", "y/1", "z"]);
  });

  test("get each message that they want, once, whatever number of their filters select it", () => {
    const [a, b] = [participant("a", ["x/#", "x/+", "x/1"]), participant("b", ["y"])];
    const { wire } = join(a, b);
    wire.now.receive(transient("x/1", ""), 1);
    expect([a.begun, b.begun]).toEqual([["x/1"], []]);
  });

  test("work on a message at the same time, and it is acknowledged when the last is done", async () => {
    const [a, b] = [participant("a", ["x"]), participant("b", ["x"])];
    const { wire, bus } = join(a, b);
    wire.now.receive(transient("x", ""), 1);
    expect([a.begun, b.begun]).toEqual([["x"], ["x"]]);
    await a.finishNext();
    expect(wire.now.acknowledged).toEqual([]);
    expect(bus.working).toBe(1);
    await b.finishNext();
    expect(wire.now.acknowledged).toEqual([1]);
    expect(bus.working).toBe(0);
  });

  test("get one message at a time and in order, each at its own pace", async () => {
    const [slow, quick] = [participant("slow", ["#"]), participant("quick", ["#"])];
    const { wire } = join(slow, quick);
    for (const [index, topic] of ["1", "2", "3"].entries()) wire.now.receive(transient(topic, ""), index + 1);
    await quick.finishNext();
    await quick.finishNext();
    expect(slow.begun).toEqual(["1"]);
    expect(quick.begun).toEqual(["1", "2", "3"]);
    await slow.finishNext();
    expect(slow.begun).toEqual(["1", "2"]);
    expect(wire.now.acknowledged).toEqual([1]);
  });

  test("may fail without harm to the bus: it is logged, and the message acknowledged", async () => {
    const failing: Participant = {
      name: "failing",
      subscriptions: [{ filter: "#", qos: 1 }],
      receive: () => Promise.reject(new Error("rejects")),
      connected: () => {
        throw new Error("throws");
      },
    };
    const { wire, log } = join(failing);
    wire.now.receive(transient("1", ""), 1);
    wire.now.receive(transient("2", ""), 2);
    await settled();
    expect(wire.now.acknowledged).toEqual([1, 2]);
    expect(log.lines).toContainEqual("error failing failed on a message on 1: rejects");
    expect(log.lines).toContainEqual("error failing failed to begin on the new connection: throws");
  });

  test("are not bothered with what nobody asked for, which is acknowledged", () => {
    const a = participant("a", ["x"]);
    const { wire } = join(a);
    wire.now.receive(transient("from/an/older/version", ""), 4);
    expect(a.begun).toEqual([]);
    expect(wire.now.acknowledged).toEqual([4]);
  });

  test("are told of each connection, none waiting for another", async () => {
    const waits: Participant = {
      name: "waits",
      subscriptions: [],
      receive: () => Promise.resolve(),
      connected: () => new Promise(() => undefined),
    };
    const b = participant("b", ["x"]);
    const { wire, clock } = join(waits, b);
    await settled();
    wire.now.events.closed(fault("connection-lost", "gone"));
    await clock.advance(1_000);
    wire.now.accept(true);
    await settled();
    expect(b.connections).toEqual([
      { sessionPresent: false, first: true },
      { sessionPresent: true, first: false },
    ]);
  });

  test("that are too slow for messages without promise lose the newest of them, and it is told", async () => {
    const a = participant("a", ["x"], 0);
    const { wire, bus, log, clock } = join(a);
    for (let count = 0; count < 1_011; count += 1) wire.now.receive({ ...transient("x", ""), qos: 0 });
    expect(bus.working).toBe(1_001);
    await clock.advance(60_000);
    expect(log.lines).toContainEqual("warn a is too slow: 10 messages of QoS 0 dropped");
  });

  test("that are busy with one message for long are told of", async () => {
    const a = participant("a", ["#"]);
    const { wire, log, clock } = join(a);
    wire.now.receive(transient("1", ""), 1);
    wire.now.receive(transient("2", ""), 2);
    await clock.advance(120_000);
    expect(log.lines).toContainEqual("warn a is still busy with a message on 1; 1 more wait");
    await a.finishNext();
    await a.finishNext();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });
});
