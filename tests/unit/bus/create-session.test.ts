import { describe, expect, test } from "bun:test";
import { fault } from "../../../src/base/fault.ts";
import { createSession } from "../../../src/bus/create-session.ts";
import { type Message, retained, transient } from "../../../src/bus/message.ts";
import type { SessionEvent, SessionOptions } from "../../../src/bus/session.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { handWire, keptLog, PLAIN_OPTIONS } from "./hand-wire.ts";

const GONE = fault("connection-lost", "gone");
const NEVER = new AbortController().signal;

function setUp(options: Partial<SessionOptions> = {}) {
  const wire = handWire();
  const clock = simulatedClock();
  const log = keptLog();
  const received: { readonly topic: string; readonly acknowledge: () => void }[] = [];
  const events: SessionEvent[] = [];
  const session = createSession(
    {
      ...PLAIN_OPTIONS,
      subscriptions: [{ filter: "in/#", qos: 1 }],
      onMessage: ({ topic }, acknowledge) => received.push({ topic, acknowledge }),
      onEvent: (event) => events.push(event),
      ...options,
    },
    { clock, random: () => 0.5, log, wire },
  );
  const topics = () => wire.now.published.map(({ message }) => message.topic);
  return { session, wire, clock, log, received, events, topics };
}

function opened(options: Partial<SessionOptions> = {}) {
  const all = setUp(options);
  all.session.open();
  all.wire.now.accept();
  return all;
}

const ofSize = (topic: string, size: number): Message => ({ ...transient(topic, ""), payload: new Uint8Array(size) });

test("making a session does nothing", () => {
  const { wire, clock } = setUp();
  expect(wire.connections).toEqual([]);
  expect(clock.pending).toBe(0);
});

describe("a received message", () => {
  test("is acknowledged when its receiver says so", () => {
    const { wire, received } = opened();
    wire.now.receive(transient("in/1", "x"), 5);
    expect(wire.now.acknowledged).toEqual([]);
    received[0]?.acknowledge();
    expect(wire.now.acknowledged).toEqual([5]);
  });

  test("of more bytes than allowed is acknowledged, dropped and logged with its topic", () => {
    const { wire, received, log } = opened();
    wire.now.receive(ofSize("in/big", 101), 5);
    wire.now.receive(ofSize("in/fits", 100), 6);
    expect(received.map(({ topic }) => topic)).toEqual(["in/fits"]);
    expect(wire.now.acknowledged).toEqual([5]);
    expect(log.lines).toContainEqual(
      "error Dropping message received on topic in/big: payload of 101 bytes exceeds the limit of 100",
    );
  });

  test("that its receiver chokes on is logged and acknowledged, so that the others go on", () => {
    const onMessage = () => {
      throw new Error("bug");
    };
    const { wire, log } = opened({ onMessage });
    wire.now.receive(transient("in/1", "x"), 5);
    expect(wire.now.acknowledged).toEqual([5]);
    expect(log.lines).toContainEqual("error Cannot handle the message received on topic in/1: bug");
  });

  test("of a former connection is acknowledged to nobody", async () => {
    const { wire, received, clock } = opened();
    wire.now.receive(transient("in/1", "x"), 5);
    const [former] = wire.connections;
    wire.now.events.closed(GONE);
    await clock.advance(1_000);
    wire.now.accept(true);
    received[0]?.acknowledge();
    expect(former?.acknowledged).toEqual([]);
    expect(wire.now.acknowledged).toEqual([]);
  });
});

describe("publishing", () => {
  test("waits until the subscriptions stand", () => {
    const { session, wire, topics } = setUp();
    session.open();
    void session.publish(transient("a", ""));
    wire.now.events.connected(false);
    expect(topics()).toEqual([]);
    wire.now.events.subscribed(wire.now.subscribed[0]?.packetId ?? 0, [1]);
    expect(topics()).toEqual(["a"]);
  });

  test("is delivered with the acknowledgement", async () => {
    const { session, wire } = opened();
    const outcome = session.publish(transient("a", ""));
    wire.now.events.acknowledged(wire.now.published[0]?.packetId ?? 0);
    expect(await outcome).toBe("delivered");
    expect(session.stats).toMatchObject({ published: 1, inflight: 0 });
  });

  test.each(["", "a/+", "#", "a\0b"])("on %j is refused, since a broker would end the connection", async (topic) => {
    const { session, log, topics } = opened();
    expect(await session.publish(transient(topic, ""))).toBe("refused");
    expect(topics()).toEqual([]);
    expect(log.lines.at(-1)).toStartWith("error Cannot publish on topic");
  });

  test("pauses while the network takes no more", () => {
    const { session, wire, topics } = opened();
    wire.now.hasRoom = false;
    void session.publish(transient("a", ""));
    void session.publish(transient("b", ""));
    expect(topics()).toEqual(["a"]);
    wire.now.hasRoom = true;
    wire.now.events.drained();
    expect(topics()).toEqual(["a", "b"]);
  });

  test("goes on with a new connection although the former one had no room", async () => {
    const { session, wire, clock, topics } = opened();
    wire.now.hasRoom = false;
    void session.publish(transient("a", ""));
    wire.now.events.closed(GONE);
    await clock.advance(1_000);
    wire.now.accept(true);
    expect(topics()).toEqual(["a"]);
    expect(wire.now.published[0]?.dup).toBe(true);
  });

  test("tells once a second how many messages were dropped", async () => {
    const { session, clock, events, log } = setUp();
    const light = { ...transient("light", ""), qos: 0 } as const;
    for (let count = 0; count < 10; count += 1) void session.publish(light);
    await clock.advance(999);
    expect(events).toEqual([]);
    await clock.advance(1);
    expect(events).toEqual([{ kind: "dropped", messages: 6 }]);
    expect(log.lines.at(-1)).toStartWith("warn 6 messages dropped");
    expect(session.stats).toMatchObject({ dropped: 6, waiting: 4 });
  });

  test("warns of acknowledgements for nothing", () => {
    const { wire, log } = opened();
    wire.now.events.acknowledged(9);
    expect(log.lines.at(-1)).toBe("warn Received ack for unknown pkid=9");
  });

  test("can be taken back before it was sent", async () => {
    const { session } = setUp();
    const outcome = session.publish(transient("a", ""));
    expect(session.withdraw(() => true)).toBe(1);
    expect(await outcome).toBe("closed");
  });
});

describe("connecting", () => {
  test("is aborted after the connect timeout, and tried again", async () => {
    const { session, wire, clock, events } = setUp();
    session.open();
    await clock.advance(5_000);
    expect(wire.now.aborted?.code).toBe("timeout");
    expect(events[0]).toMatchObject({ kind: "disconnected", fault: { code: "timeout" }, retryIn: 1_000 });
    await clock.advance(1_000);
    expect(wire.connections).toHaveLength(2);
  });

  test("tells why there is no connection once, and again when the reason changes or after a connection", async () => {
    const { wire, clock, log } = opened();
    const lose = async (code: string) => {
      const { length } = wire.connections;
      wire.now.events.closed({ code, message: code });
      while (wire.connections.length === length) await clock.advance(500);
    };
    for (const code of ["gone", "gone", "gone", "refused", "refused", "gone"]) await lose(code);
    wire.now.accept();
    await lose("gone");
    const told = (level: string) =>
      log.lines.flatMap((line) => new RegExp(`^${level} No connection to the broker: (\\w+)`).exec(line)?.[1] ?? []);
    expect(told("warn")).toEqual(["gone", "refused", "gone", "gone"]);
    expect(told("debug")).toEqual(["gone", "gone", "refused"]);
  });

  test("names the host and port that do not answer", async () => {
    const { session, clock, log } = setUp();
    session.open();
    await clock.advance(5_000);
    expect(log.lines.join("\n")).toContain(
      `${PLAIN_OPTIONS.endpoint.host}:${PLAIN_OPTIONS.endpoint.port}: what listens there did not answer like an MQTT broker within 5 s`,
    );
  });

  test("logs how long it waits, unless it does not wait", async () => {
    const slow = opened();
    slow.wire.now.events.closed(GONE);
    expect(slow.log.lines).toContainEqual("info Waiting 1s until attempting reconnection to broker");
    const quick = opened({ reconnect: { ...PLAIN_OPTIONS.reconnect, initial: 0 } });
    quick.wire.now.events.closed(GONE);
    await quick.clock.advance(0);
    expect(quick.wire.connections).toHaveLength(2);
    expect(quick.log.lines.join()).not.toContain("Waiting");
  });
});

describe("ready", () => {
  test("resolves with the first connection whose subscriptions stand, also when asked later", async () => {
    const { session, wire } = setUp();
    const ready = session.ready(NEVER);
    session.open();
    wire.now.accept();
    await ready;
    await session.ready(NEVER);
    expect(session.stats.connected).toBe(true);
  });

  test("rejects with the fault when the session stops instead", async () => {
    const { session, wire } = setUp();
    session.open();
    wire.now.events.connected(false);
    wire.now.events.subscribed(wire.now.subscribed[0]?.packetId ?? 0, [0x80]);
    expect(wire.now.isDisconnected).toBe(true);
    wire.now.events.closed(GONE);
    await expect(session.ready(NEVER)).rejects.toMatchObject({ fault: { code: "subscription-refused" } });
  });

  test("rejects when its signal is aborted, before or after", async () => {
    const { session } = setUp();
    const controller = new AbortController();
    const waiting = session.ready(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ fault: { code: "aborted" } });
    await expect(session.ready(controller.signal)).rejects.toMatchObject({ fault: { code: "aborted" } });
  });
});

describe("closing", () => {
  const will = retained("health", "down");

  test("publishes what waits, then the will as farewell, and disconnects when all is acknowledged", async () => {
    const { session, wire, topics } = opened({ will });
    void session.publish(transient("a", ""));
    const closed = session.close(10_000);
    expect(topics()).toEqual(["a", "health"]);
    wire.now.events.acknowledged(1);
    expect(wire.now.isDisconnected).toBe(false);
    wire.now.events.acknowledged(2);
    expect(wire.now.isDisconnected).toBe(true);
    wire.now.events.closed(GONE);
    await closed;
  });

  test("says farewell once when the farewell is the will", () => {
    const { session, topics } = opened({ will, farewell: () => [will] });
    void session.close(10_000);
    expect(topics()).toEqual(["health"]);
  });

  test("does not wait for a broker that does not answer DISCONNECT", async () => {
    const { session, wire, clock } = opened();
    const closed = session.close(10_000);
    expect(wire.now.isDisconnected).toBe(true);
    await clock.advance(1_000);
    await closed;
    expect(wire.now.aborted?.code).toBe("timeout");
  });

  test.each([
    ["before it was opened", () => setUp()],
    [
      "while it connects",
      () => {
        const all = setUp();
        all.session.open();
        return all;
      },
    ],
    [
      "between two connections",
      () => {
        const all = opened();
        all.wire.now.events.closed(GONE);
        return all;
      },
    ],
  ])("%s takes no time and leaves no timer", async (_when, make) => {
    const { session, clock, events } = make();
    await session.close(60_000);
    await session.close(60_000);
    expect(clock.pending).toBe(0);
    expect(events.at(-1)).toEqual({ kind: "stopped" });
    expect(await session.publish(transient("a", ""))).toBe("closed");
  });
});
