import { describe, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { systemClock } from "../../../src/base/clock.ts";
import { fault } from "../../../src/base/fault.ts";
import { transient } from "../../../src/bus/message.ts";
import { packetWire } from "../../../src/bus/packet-wire.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { AUTHORITY, SERVER } from "../platform/tls-fixtures.ts";
import { CONNACK, publishOf, scriptedBroker } from "./scripted-broker.ts";
import { accepted, attempt } from "./wire-attempt.ts";

const CONNECT = 1;
const PUBLISH = 3;
const PINGREQ = 12;
const PINGRESP = [0xd0, 0];
const NOT_NOW = fault("test", "the test is over");

describe("an idle connection", () => {
  test("is kept by PINGREQ and PINGRESP", async () => {
    await using broker = await scriptedBroker();
    const clock = simulatedClock();
    const made = await accepted(packetWire(clock), broker, { keepAlive: 10 });
    for (let period = 1; period <= 3; period += 1) {
      await clock.advance(10_000);
      expect((await broker.receive()).type).toBe(PINGREQ);
      broker.send(...PINGRESP, publishOf(period, 1));
      await made.tells(1 + period);
    }
    expect(made.told.filter((text) => text.startsWith("closed"))).toEqual([]);
    made.connection.abort(NOT_NOW);
    expect(clock.pending).toBe(0);
  });

  test("is given up when PINGREQ gets no answer within the keep-alive period", async () => {
    await using broker = await scriptedBroker();
    const clock = simulatedClock();
    const made = await accepted(packetWire(clock), broker, { keepAlive: 10 });
    await clock.advance(10_000);
    expect((await broker.receive()).type).toBe(PINGREQ);
    await clock.advance(9_999);
    expect(made.told).toEqual(["connected false"]);
    await clock.advance(1);
    expect(await made.closed).toMatchObject({ code: "connection-lost", cause: { code: "no-pingresp" } });
  });

  test("has no PINGREQ when the keep-alive is 0", async () => {
    await using broker = await scriptedBroker();
    const clock = simulatedClock();
    const made = await accepted(packetWire(clock), broker, { keepAlive: 0 });
    expect(clock.pending).toBe(0);
    made.connection.abort(NOT_NOW);
  });

  test("has no PINGREQ before CONNACK", async () => {
    await using broker = await scriptedBroker();
    const clock = simulatedClock();
    const made = attempt(packetWire(clock), broker.port, { keepAlive: 10 });
    await broker.receive();
    expect(clock.pending).toBe(0);
    made.connection.abort(NOT_NOW);
  });
});

describe("after DISCONNECT", () => {
  test("nothing more is sent", async () => {
    await using broker = await scriptedBroker();
    const made = await accepted(packetWire(systemClock), broker);
    made.connection.disconnect();
    expect(made.connection.publish({ message: transient("t", "1"), packetId: 1, dup: false })).toBe(false);
    made.connection.acknowledge(1, 1);
    made.connection.subscribe(1, { filter: "a", qos: 1 });
    made.connection.disconnect();
    await made.closed;
    expect(broker.unread.map(({ type }) => type)).toEqual([14]);
  });

  test("a broker that leaves the connection open has a second", async () => {
    await using broker = await scriptedBroker();
    const clock = simulatedClock();
    const made = await accepted(packetWire(clock), broker, { keepAlive: 0 });
    broker.socket.pause();
    made.connection.disconnect();
    await clock.advance(999);
    expect(made.told).toEqual(["connected false"]);
    await clock.advance(1);
    expect(made.told).toEqual(["connected false", "closed connection-lost"]);
    expect(clock.pending).toBe(0);
  });
});

describe("a broker that does not keep to MQTT 3.1.1 loses the connection, when it sends", () => {
  test.each([
    ["PUBLISH before CONNACK", publishOf(1, 1)],
    ["PUBACK before CONNACK", Buffer.of(0x40, 2, 0, 1)],
    ["SUBACK before CONNACK", Buffer.of(0x90, 3, 0, 1, 1)],
    ["half a CONNACK", Buffer.of(0x20, 1, 0)],
  ])("%s", async (_what, bytes) => {
    await using broker = await scriptedBroker();
    const made = attempt(packetWire(systemClock), broker.port);
    await broker.receive();
    broker.send(bytes);
    expect(await made.closed).toMatchObject({ code: "not-mqtt", cause: { code: "not-mqtt" } });
    expect(made.told).toEqual(["closed not-mqtt"]);
  });

  test.each([
    ["a second CONNACK", Buffer.from(CONNACK)],
    ["what only clients send", Buffer.of(0xc0, 0)],
    ["a malformed packet", Buffer.of(0x36, 5, 0, 1, 0x74, 0, 1)],
  ])("%s", async (_what, bytes) => {
    await using broker = await scriptedBroker();
    const made = await accepted(packetWire(systemClock), broker);
    broker.send(publishOf(1, 1), bytes, publishOf(2, 1));
    expect((await made.closed).code).toBe("not-mqtt");
    expect(made.told.map((text) => text.split(" ")[0])).toEqual(["connected", "received", "closed"]);
  });
});

test("a connection that is aborted while it tells of a message tells of none behind it", async () => {
  await using broker = await scriptedBroker();
  const told: string[] = [];
  const closed = Promise.withResolvers<void>();
  const connection = packetWire(systemClock).connect(
    { endpoint: { host: "127.0.0.1", port: broker.port }, clientId: "wire", clean: true, keepAlive: 60 },
    {
      connected: () => told.push("connected"),
      subscribed: () => told.push("subscribed"),
      received(_message, packetId) {
        told.push(`received ${packetId}`);
        connection.abort(NOT_NOW);
      },
      acknowledged: () => told.push("acknowledged"),
      drained: () => told.push("drained"),
      closed() {
        told.push("closed");
        closed.resolve();
      },
    },
  );
  await broker.receive();
  broker.send(...CONNACK, publishOf(1, 1), publishOf(2, 1), 0x40, 2, 0, 3);
  await closed.promise;
  expect(told).toEqual(["connected", "received 1", "closed"]);
});

test("a burst of large messages arrives whole and in order", async () => {
  await using broker = await scriptedBroker();
  const made = await accepted(packetWire(systemClock), broker);
  const lengths = [10, 70_000, 1, 300_000, 5, 16_384, 20];
  for (const [index, length] of lengths.entries()) {
    const message = { topic: "t", payload: Buffer.alloc(length, index), qos: 0, retain: false } as const;
    made.connection.publish({ message, packetId: 0, dup: false });
  }
  for (const [index, length] of lengths.entries()) {
    const { type, body } = await broker.receive();
    expect(type).toBe(PUBLISH);
    expect(body.subarray(3).equals(Buffer.alloc(length, index))).toBe(true);
  }
  made.connection.abort(NOT_NOW);
});

describe("over TLS", () => {
  const credentials = { username: "u", password: "secret" };

  /** A TLS server that keeps what it can decrypt. */
  async function tlsServer() {
    const heard: Buffer[] = [];
    const first = Promise.withResolvers<void>();
    const server = createTlsServer(SERVER, (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        heard.push(chunk);
        first.resolve();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { port, heard, first: first.promise, [Symbol.asyncDispose]: close };
  }

  test("CONNECT goes to a server that is trusted", async () => {
    await using server = await tlsServer();
    const endpoint = { host: "127.0.0.1", port: server.port, tls: { ca: [AUTHORITY] }, credentials };
    const made = attempt(packetWire(systemClock), server.port, { endpoint });
    await server.first;
    expect((server.heard[0]?.[0] ?? 0) >> 4).toBe(CONNECT);
    made.connection.abort(NOT_NOW);
  });

  test("no password goes to a server that is not trusted", async () => {
    await using server = await tlsServer();
    const endpoint = { host: "127.0.0.1", port: server.port, tls: {}, credentials };
    const made = attempt(packetWire(systemClock), server.port, { endpoint });
    expect((await made.closed).code).toBe("server-not-trusted");
    expect(Buffer.concat(server.heard).toString("latin1")).not.toContain("secret");
  });
});
