import { describe, expect, test } from "bun:test";
import { MqttClient } from "mqtt";
import { type Fault, fault } from "../../../src/base/fault.ts";
import { transient } from "../../../src/bus/message.ts";
import { MQTT_JS_VERSION, mqttWire } from "../../../src/bus/mqtt-wire.ts";
import type { WireConnection, WireOptions } from "../../../src/bus/wire.ts";
import { CONNACK, publishOf, type ScriptedBroker, scriptedBroker } from "./scripted-broker.ts";

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBREL = 6;
const PUBCOMP = 7;
const SUBSCRIBE = 8;
const DISCONNECT = 14;

/** A connection and everything that it told, in order, as text. */
interface Attempt {
  readonly connection: WireConnection;
  readonly told: string[];
  /** Resolves with the fault of `closed`. */
  readonly closed: Promise<Fault>;
  /** Resolves once `told` holds so many entries. */
  tells(count: number): Promise<readonly string[]>;
}

function connect(port: number, options: Partial<WireOptions> = {}): Attempt {
  const told: string[] = [];
  const closed = Promise.withResolvers<Fault>();
  let look = () => {};
  const tell = (text: string) => {
    told.push(text);
    look();
  };
  const connection = mqttWire.connect(
    { endpoint: { host: "127.0.0.1", port }, clientId: "wire", clean: true, keepAlive: 60, ...options },
    {
      connected: (sessionPresent) => tell(`connected ${sessionPresent}`),
      subscribed: (packetId, codes) => tell(`subscribed ${packetId} ${codes}`),
      received: ({ topic, payload, qos, retain, dup }, packetId) =>
        tell(`received ${topic} ${Buffer.from(payload)} ${qos} ${retain} ${dup} ${packetId}`),
      acknowledged: (packetId) => tell(`acknowledged ${packetId}`),
      drained: () => tell("drained"),
      closed: (reason) => {
        tell(`closed ${reason.code}`);
        closed.resolve(reason);
      },
    },
  );
  const tells = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      look = () => {
        if (told.length >= count) resolve(told);
      };
      look();
    });
  return { connection, told, closed: closed.promise, tells };
}

async function accepted(broker: ScriptedBroker, options?: Partial<WireOptions>): Promise<Attempt> {
  const attempt = connect(broker.port, options);
  await broker.receive();
  broker.send(...CONNACK);
  await attempt.tells(1);
  return attempt;
}

const NOT_NOW = fault("test", "the test is over");

test("this is the MQTT.js that the wire was written for: look at its `_sendPacket` before changing the number", () => {
  expect(String(MqttClient.VERSION)).toBe(MQTT_JS_VERSION);
});

describe("a received message", () => {
  test("is not acknowledged by MQTT.js itself, and holds up none behind it", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.send(publishOf(7, 1, "a"), publishOf(8, 1, "b"), publishOf(9, 1, "c"));
    expect(await attempt.tells(4)).toEqual([
      "connected false",
      "received t a 1 false false 7",
      "received t b 1 false false 8",
      "received t c 1 false false 9",
    ]);
    attempt.connection.acknowledge(8, 1);
    attempt.connection.acknowledge(7, 1);
    const acks = [await broker.receive(), await broker.receive()];
    expect(acks.map(({ type, body }) => [type, body.readUInt16BE()])).toEqual([
      [PUBACK, 8],
      [PUBACK, 7],
    ]);
    expect(broker.unread).toEqual([]);
    attempt.connection.abort(NOT_NOW);
  });

  test("of QoS 2 is told at once, answered when it is acknowledged, and then finished", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.send(publishOf(7, 2));
    expect((await attempt.tells(2))[1]).toBe("received t x 2 false false 7");
    attempt.connection.acknowledge(7, 2);
    expect(await broker.receive()).toMatchObject({ type: PUBREC, body: Buffer.of(0, 7) });
    broker.send(0x62, 2, 0, 7);
    expect(await broker.receive()).toMatchObject({ type: PUBCOMP, body: Buffer.of(0, 7) });
    expect(attempt.told).toHaveLength(2);
    attempt.connection.abort(NOT_NOW);
  });

  test("of a resumed session that comes along with CONNACK is told after the connection", async () => {
    await using broker = await scriptedBroker();
    const attempt = connect(broker.port);
    await broker.receive();
    broker.send(0x20, 2, 1, 0, publishOf(1, 1), publishOf(2, 1));
    expect(await attempt.tells(3)).toEqual([
      "connected true",
      "received t x 1 false false 1",
      "received t x 1 false false 2",
    ]);
    attempt.connection.acknowledge(1, 1);
    expect(await broker.receive()).toMatchObject({ type: PUBACK, body: Buffer.of(0, 1) });
    attempt.connection.abort(NOT_NOW);
  });

  test("says whether it is retained or a duplicate, and has no packet id with QoS 0", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.send(0x31, 4, 0, 1, 0x74, 0x78, 0x3a, 5, 0, 1, 0x74, 0, 9);
    expect((await attempt.tells(3)).slice(1)).toEqual(["received t x 0 true false 0", "received t  1 false true 9"]);
    attempt.connection.abort(NOT_NOW);
  });
});

describe("what is sent", () => {
  test("begins with a CONNECT of MQTT 3.1.1 that holds what the options say", async () => {
    await using broker = await scriptedBroker();
    const attempt = connect(broker.port, {
      clean: false,
      keepAlive: 30,
      will: { topic: "w", payload: Buffer.from("down"), qos: 1, retain: true },
      endpoint: { host: "127.0.0.1", port: broker.port, credentials: { username: "u", password: "p" } },
    });
    const { type, body } = await broker.receive();
    expect(type).toBe(CONNECT);
    expect(body.toString("latin1")).toBe(
      "\0\x04MQTT\x04\xec\0\x1e" + "\0\x04wire" + "\0\x01w" + "\0\x04down" + "\0\x01u" + "\0\x01p",
    );
    attempt.connection.abort(NOT_NOW);
  });

  test("is one SUBSCRIBE a call, and its SUBACK is told with all return codes", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    attempt.connection.subscribe(0x8001, { filter: "a/#", qos: 1 });
    attempt.connection.subscribe(0x8002, { filter: "b", qos: 0 });
    const sent = [await broker.receive(), await broker.receive()];
    expect(sent.map(({ type, body }) => [type, body.toString("latin1")])).toEqual([
      [SUBSCRIBE, "\x80\x01\0\x03a/#\x01"],
      [SUBSCRIBE, "\x80\x02\0\x01b\0"],
    ]);
    broker.send(0x90, 3, 0x80, 1, 0x80, 0x90, 3, 0x80, 2, 0);
    expect((await attempt.tells(3)).slice(1)).toEqual(["subscribed 32769 128", "subscribed 32770 0"]);
    attempt.connection.abort(NOT_NOW);
  });

  test("is published under the packet ids of the caller, and told when it is acknowledged", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    attempt.connection.publish({ message: transient("t", "1"), packetId: 77, dup: false });
    attempt.connection.publish({ message: { ...transient("t", "2"), retain: true }, packetId: 5, dup: true });
    attempt.connection.publish({ message: { ...transient("t", "3"), qos: 0 }, packetId: 0, dup: false });
    const sent = [await broker.receive(), await broker.receive(), await broker.receive()];
    expect(sent.map(({ type, flags, body }) => [type, flags, body.toString("latin1")])).toEqual([
      [PUBLISH, 0b0010, "\0\x01t\0\x4d1"],
      [PUBLISH, 0b1011, "\0\x01t\0\x052"],
      [PUBLISH, 0b0000, "\0\x01t3"],
    ]);
    broker.send(0x40, 2, 0, 5, 0x40, 2, 0, 77);
    expect((await attempt.tells(3)).slice(1)).toEqual(["acknowledged 5", "acknowledged 77"]);
    attempt.connection.abort(NOT_NOW);
  });

  test("with QoS 2 is told as acknowledged at the end of the handshake", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    attempt.connection.publish({ message: { ...transient("t", "1"), qos: 2 }, packetId: 3, dup: false });
    expect((await broker.receive()).flags).toBe(0b0100);
    broker.send(0x50, 2, 0, 3);
    expect(await broker.receive()).toMatchObject({ type: PUBREL, flags: 2, body: Buffer.of(0, 3) });
    expect(attempt.told).toEqual(["connected false"]);
    broker.send(0x70, 2, 0, 3);
    expect((await attempt.tells(2))[1]).toBe("acknowledged 3");
    attempt.connection.abort(NOT_NOW);
  });

  test("stops when the network takes no more, and the caller is told when to go on", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.socket.pause();
    const message = { topic: "t", payload: new Uint8Array(1_000_000), qos: 0, retain: false } as const;
    let written = 1;
    while (written < 1_000 && attempt.connection.publish({ message, packetId: 0, dup: false })) written += 1;
    expect(written).toBeLessThan(1_000);
    expect(attempt.told).not.toContain("drained");
    broker.socket.resume();
    expect((await attempt.tells(2))[1]).toBe("drained");
    attempt.connection.abort(NOT_NOW);
  });

  test("ends with DISCONNECT", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    attempt.connection.publish({ message: transient("t", "1"), packetId: 1, dup: false });
    attempt.connection.disconnect();
    expect((await broker.receive()).type).toBe(PUBLISH);
    expect((await broker.receive()).type).toBe(DISCONNECT);
    expect((await attempt.closed).code).toBe("connection-lost");
  });
});

describe("the end of a connection", () => {
  test.each([
    [1, "unacceptable-protocol"],
    [2, "identifier-rejected"],
    [3, "server-unavailable"],
    [4, "bad-credentials"],
    [5, "not-authorized"],
    [77, "connack-refused"],
  ])("that the broker refuses with code %i is %s", async (returnCode, code) => {
    await using broker = await scriptedBroker();
    const attempt = connect(broker.port);
    await broker.receive();
    broker.send(0x20, 2, 0, returnCode);
    expect(await attempt.closed).toMatchObject({ code, detail: { returnCode } });
    expect(attempt.told).toEqual([`closed ${code}`]);
  });

  test("where nobody listens is connection-refused, and names host and port", async () => {
    let port = 0;
    {
      await using broker = await scriptedBroker();
      port = broker.port;
    }
    expect(await connect(port).closed).toMatchObject({
      code: "connection-refused",
      message: `127.0.0.1:${port}: nothing listens there`,
      cause: { code: "ECONNREFUSED" },
    });
  });

  test("by the broker is connection-lost", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.socket.destroy();
    expect((await attempt.closed).code).toBe("connection-lost");
  });

  test("by what is no MQTT is told too", async () => {
    await using broker = await scriptedBroker();
    const attempt = connect(broker.port);
    await broker.receive();
    broker.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect((await attempt.closed).code).toBe("not-mqtt");
  });

  test("by abort is told before it returns, and nothing is told after", async () => {
    await using broker = await scriptedBroker();
    const attempt = await accepted(broker);
    broker.send(publishOf(1, 1));
    attempt.connection.abort(NOT_NOW);
    expect(attempt.told).toEqual(["connected false", "closed test"]);
    await expect(broker.receive()).rejects.toThrow("closed the connection");
    attempt.connection.acknowledge(1, 1);
    attempt.connection.subscribe(1, { filter: "a", qos: 1 });
    expect(attempt.connection.publish({ message: transient("t", ""), packetId: 1, dup: false })).toBe(false);
    attempt.connection.abort(NOT_NOW);
    expect(attempt.told).toEqual(["connected false", "closed test"]);
  });

  test("by abort may come at once", async () => {
    await using broker = await scriptedBroker();
    const attempt = connect(broker.port);
    attempt.connection.abort(NOT_NOW);
    expect(attempt.told).toEqual(["closed test"]);
  });

  test("by a certificate that cannot be read is a fault, not an exception", async () => {
    const tls = { cert: "no PEM", key: "no PEM" };
    const attempt = connect(1, { endpoint: { host: "127.0.0.1", port: 1, tls } });
    expect(attempt.told).toEqual([]);
    expect((await attempt.closed).code).toBe("tls-failed");
  });
});
