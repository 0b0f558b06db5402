import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { fault } from "../../../src/base/fault.ts";
import { transient } from "../../../src/bus/message.ts";
import { mqttWire } from "../../../src/bus/mqtt-wire.ts";
import { packetWire } from "../../../src/bus/packet-wire.ts";
import { publishOf, scriptedBroker } from "./scripted-broker.ts";
import { accepted, attempt } from "./wire-attempt.ts";

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBREL = 6;
const PUBCOMP = 7;
const SUBSCRIBE = 8;
const DISCONNECT = 14;

const NOT_NOW = fault("test", "the test is over");

describe.each([
  ["MQTT.js", mqttWire],
  ["packets over a socket", packetWire(systemClock)],
] as const)("the wire of %s:", (_name, wire) => {
  describe("a received message", () => {
    test("is not acknowledged by itself, and holds up none behind it", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.send(publishOf(7, 1, "a"), publishOf(8, 1, "b"), publishOf(9, 1, "c"));
      expect(await made.tells(4)).toEqual([
        "connected false",
        "received t a 1 false false 7",
        "received t b 1 false false 8",
        "received t c 1 false false 9",
      ]);
      made.connection.acknowledge(8, 1);
      made.connection.acknowledge(7, 1);
      const acks = [await broker.receive(), await broker.receive()];
      expect(acks.map(({ type, body }) => [type, body.readUInt16BE()])).toEqual([
        [PUBACK, 8],
        [PUBACK, 7],
      ]);
      expect(broker.unread).toEqual([]);
      made.connection.abort(NOT_NOW);
    });

    test("of QoS 2 is told at once, answered when it is acknowledged, and then finished", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.send(publishOf(7, 2));
      expect((await made.tells(2))[1]).toBe("received t x 2 false false 7");
      made.connection.acknowledge(7, 2);
      expect(await broker.receive()).toMatchObject({ type: PUBREC, body: Buffer.of(0, 7) });
      broker.send(0x62, 2, 0, 7);
      expect(await broker.receive()).toMatchObject({ type: PUBCOMP, body: Buffer.of(0, 7) });
      expect(made.told).toHaveLength(2);
      made.connection.abort(NOT_NOW);
    });

    test("of a resumed session that comes along with CONNACK is told after the connection", async () => {
      await using broker = await scriptedBroker();
      const made = attempt(wire, broker.port);
      await broker.receive();
      broker.send(0x20, 2, 1, 0, publishOf(1, 1), publishOf(2, 1));
      expect(await made.tells(3)).toEqual([
        "connected true",
        "received t x 1 false false 1",
        "received t x 1 false false 2",
      ]);
      made.connection.acknowledge(1, 1);
      expect(await broker.receive()).toMatchObject({ type: PUBACK, body: Buffer.of(0, 1) });
      made.connection.abort(NOT_NOW);
    });

    test("says whether it is retained or a duplicate, and has no packet id with QoS 0", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.send(0x31, 4, 0, 1, 0x74, 0x78, 0x3a, 5, 0, 1, 0x74, 0, 9);
      expect((await made.tells(3)).slice(1)).toEqual(["received t x 0 true false 0", "received t  1 false true 9"]);
      made.connection.abort(NOT_NOW);
    });
  });

  describe("what is sent", () => {
    test("begins with a CONNECT of MQTT 3.1.1 that holds what the options say", async () => {
      await using broker = await scriptedBroker();
      const made = attempt(wire, broker.port, {
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
      made.connection.abort(NOT_NOW);
    });

    test("is one SUBSCRIBE a call, and its SUBACK is told with all return codes", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      made.connection.subscribe(0x8001, { filter: "a/#", qos: 1 });
      made.connection.subscribe(0x8002, { filter: "b", qos: 0 });
      const sent = [await broker.receive(), await broker.receive()];
      expect(sent.map(({ type, body }) => [type, body.toString("latin1")])).toEqual([
        [SUBSCRIBE, "\x80\x01\0\x03a/#\x01"],
        [SUBSCRIBE, "\x80\x02\0\x01b\0"],
      ]);
      broker.send(0x90, 3, 0x80, 1, 0x80, 0x90, 3, 0x80, 2, 0);
      expect((await made.tells(3)).slice(1)).toEqual(["subscribed 32769 128", "subscribed 32770 0"]);
      made.connection.abort(NOT_NOW);
    });

    test("is published under the packet ids of the caller, and told when it is acknowledged", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      made.connection.publish({ message: transient("t", "1"), packetId: 77, dup: false });
      made.connection.publish({ message: { ...transient("t", "2"), retain: true }, packetId: 5, dup: true });
      made.connection.publish({ message: { ...transient("t", "3"), qos: 0 }, packetId: 0, dup: false });
      const sent = [await broker.receive(), await broker.receive(), await broker.receive()];
      expect(sent.map(({ type, flags, body }) => [type, flags, body.toString("latin1")])).toEqual([
        [PUBLISH, 0b0010, "\0\x01t\0\x4d1"],
        [PUBLISH, 0b1011, "\0\x01t\0\x052"],
        [PUBLISH, 0b0000, "\0\x01t3"],
      ]);
      broker.send(0x40, 2, 0, 5, 0x40, 2, 0, 77);
      expect((await made.tells(3)).slice(1)).toEqual(["acknowledged 5", "acknowledged 77"]);
      made.connection.abort(NOT_NOW);
    });

    test("with QoS 2 is told as acknowledged at the end of the handshake", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      made.connection.publish({ message: { ...transient("t", "1"), qos: 2 }, packetId: 3, dup: false });
      expect((await broker.receive()).flags).toBe(0b0100);
      broker.send(0x50, 2, 0, 3);
      expect(await broker.receive()).toMatchObject({ type: PUBREL, flags: 2, body: Buffer.of(0, 3) });
      expect(made.told).toEqual(["connected false"]);
      broker.send(0x70, 2, 0, 3);
      expect((await made.tells(2))[1]).toBe("acknowledged 3");
      made.connection.abort(NOT_NOW);
    });

    test("stops when the network takes no more, and the caller is told when to go on", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.socket.pause();
      const message = { topic: "t", payload: new Uint8Array(1_000_000), qos: 0, retain: false } as const;
      let written = 1;
      while (written < 1_000 && made.connection.publish({ message, packetId: 0, dup: false })) written += 1;
      expect(written).toBeLessThan(1_000);
      expect(made.told).not.toContain("drained");
      broker.socket.resume();
      expect((await made.tells(2))[1]).toBe("drained");
      made.connection.abort(NOT_NOW);
    });

    test("ends with DISCONNECT", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      made.connection.publish({ message: transient("t", "1"), packetId: 1, dup: false });
      made.connection.disconnect();
      expect((await broker.receive()).type).toBe(PUBLISH);
      expect((await broker.receive()).type).toBe(DISCONNECT);
      expect((await made.closed).code).toBe("connection-lost");
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
      const made = attempt(wire, broker.port);
      await broker.receive();
      broker.send(0x20, 2, 0, returnCode);
      expect(await made.closed).toMatchObject({ code, detail: { returnCode } });
      expect(made.told).toEqual([`closed ${code}`]);
    });

    test("where nobody listens is connection-refused, and names host and port", async () => {
      let port = 0;
      {
        await using broker = await scriptedBroker();
        port = broker.port;
      }
      expect(await attempt(wire, port).closed).toMatchObject({
        code: "connection-refused",
        message: `127.0.0.1:${port}: nothing listens there`,
        cause: { code: "ECONNREFUSED" },
      });
    });

    test("by the broker is connection-lost", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.socket.destroy();
      expect((await made.closed).code).toBe("connection-lost");
    });

    test("by what is no MQTT is told too", async () => {
      await using broker = await scriptedBroker();
      const made = attempt(wire, broker.port);
      await broker.receive();
      broker.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
      expect((await made.closed).code).toBe("not-mqtt");
    });

    test("by abort is told before it returns, and nothing is told after", async () => {
      await using broker = await scriptedBroker();
      const made = await accepted(wire, broker);
      broker.send(publishOf(1, 1));
      made.connection.abort(NOT_NOW);
      expect(made.told).toEqual(["connected false", "closed test"]);
      await expect(broker.receive()).rejects.toThrow("closed the connection");
      made.connection.acknowledge(1, 1);
      made.connection.subscribe(1, { filter: "a", qos: 1 });
      expect(made.connection.publish({ message: transient("t", ""), packetId: 1, dup: false })).toBe(false);
      made.connection.abort(NOT_NOW);
      expect(made.told).toEqual(["connected false", "closed test"]);
    });

    test("by abort may come at once", async () => {
      await using broker = await scriptedBroker();
      const made = attempt(wire, broker.port);
      made.connection.abort(NOT_NOW);
      expect(made.told).toEqual(["closed test"]);
    });

    test("by a certificate that cannot be read is a fault, not an exception", async () => {
      const tls = { cert: "no PEM", key: "no PEM" };
      const made = attempt(wire, 1, { endpoint: { host: "127.0.0.1", port: 1, tls } });
      expect(made.told).toEqual([]);
      expect((await made.closed).code).toBe("tls-failed");
    });
  });
});
