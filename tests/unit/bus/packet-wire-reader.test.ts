import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import type { ReceivedMessage } from "../../../src/bus/message.ts";
import { createPacketReader } from "../../../src/bus/packet-wire-reader.ts";
import { anyMessage } from "./any-message.ts";
import { publishOf } from "./scripted-broker.ts";

interface Read {
  readonly messages: { readonly message: ReceivedMessage; readonly packetId: number }[];
  /** All in order, as text. */
  readonly told: string[];
}

function reader() {
  const read: Read = { messages: [], told: [] };
  const made = createPacketReader({
    published(message, packetId) {
      read.messages.push({ message, packetId });
      read.told.push(describeMessage(message, packetId));
    },
    acknowledged: (packetId) => read.told.push(`puback ${packetId}`),
    packet: ({ cmd, messageId }) => read.told.push(`${cmd} ${messageId ?? 0}`),
  });
  return { ...read, reader: made };
}

function describeMessage({ topic, payload, qos, retain, dup }: ReceivedMessage, packetId: number): string {
  return `publish ${packetId} ${JSON.stringify(topic)} ${Buffer.from(payload).toString("hex")} ${qos} ${retain} ${dup}`;
}

const packetId = fc.integer({ min: 1, max: 65_535 });

/** A packet that a broker may send, and what is told of it. */
const anyPacket: fc.Arbitrary<{ readonly packet: Packet; readonly text: string }> = fc.oneof(
  fc.tuple(anyMessage, packetId, fc.boolean()).map(([message, id, dup]) => {
    const messageId = message.qos === 0 ? 0 : id;
    const packet: Packet = { cmd: "publish", ...message, payload: Buffer.from(message.payload), dup, messageId };
    return { packet, text: describeMessage({ ...message, dup }, messageId) };
  }),
  fc.tuple(fc.constantFrom("puback", "pubrec", "pubrel", "pubcomp"), packetId).map(([cmd, messageId]) => {
    return { packet: { cmd, messageId } as Packet, text: `${cmd} ${messageId}` };
  }),
  packetId.map((messageId) => ({
    packet: { cmd: "suback", messageId, granted: [1] } as Packet,
    text: `suback ${messageId}`,
  })),
  fc.constant({ packet: { cmd: "pingresp" } as Packet, text: "pingresp 0" }),
);

/** Cuts bytes at places given as parts of their length, in [0, 1). */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * bytes.length)).sort((left, right) => left - right);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("a reader", () => {
  test("tells of the same packets wherever the network cut them", () => {
    const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 15 }), fc.array(place, { maxLength: 30 }), (packets, places) => {
        const { reader: made, told } = reader();
        const bytes = Buffer.concat(packets.map(({ packet }) => generate(packet)));
        for (const chunk of cut(bytes, places)) expect(made.read(chunk)).toBeUndefined();
        expect(told).toEqual(packets.map(({ text }) => text));
      }),
    );
  });

  test("tells of a packet with its last byte, when the bytes come one by one", () => {
    const { reader: made, told } = reader();
    const bytes = Buffer.from(publishOf(1, 1, "y".repeat(100)));
    for (let at = 0; at < bytes.length; at += 1) {
      expect(told).toEqual([]);
      made.read(bytes.subarray(at, at + 1));
    }
    expect(told).toHaveLength(1);
  });

  test("gives payloads that stay as they are when the network's memory is used again", () => {
    const { reader: made, messages } = reader();
    const chunk = Buffer.concat([publishOf(1, 1, "first"), publishOf(2, 1, "second")]);
    made.read(chunk);
    chunk.fill(0);
    expect(messages.map(({ message }) => Buffer.from(message.payload).toString())).toEqual(["first", "second"]);
    expect(messages.map(({ message }) => message.payload.buffer.byteLength)).toEqual([5, 6]);
  });

  test("tells of nothing more once it is closed, not even of the rest of a chunk", () => {
    const told: number[] = [];
    const made = createPacketReader({
      published(_message, id) {
        told.push(id);
        made.close();
      },
      acknowledged: (id) => told.push(id),
      packet: () => told.push(0),
    });
    made.read(Buffer.concat([publishOf(1, 1), publishOf(2, 1), Buffer.of(0x40, 2, 0, 3)]));
    made.read(Buffer.of(0xd0, 0));
    expect(told).toEqual([1]);
  });

  test.each([
    ["a remaining length of five bytes", [0x30, 0x80, 0x80, 0x80, 0x80, 1]],
    ["a PUBLISH with both QoS bits", [0x36, 5, 0, 1, 0x74, 0, 1]],
    ["a PUBLISH without a topic", [0x30, 1, 0]],
    ["a PUBLISH that ends in its topic", [0x30, 3, 0, 2, 0x74]],
    ["a PUBLISH that ends in its packet id", [0x32, 4, 0, 1, 0x74, 0]],
    ["a PUBLISH of QoS 1 with the packet id 0", [0x32, 5, 0, 1, 0x74, 0, 0]],
    ["a PUBACK with flags", [0x41, 2, 0, 1]],
    ["a PUBACK that is too short", [0x40, 1, 0]],
    ["a PUBACK that is too long", [0x40, 3, 0, 1, 0]],
    ["a PUBREL without its flags", [0x60, 2, 0, 1]],
    ["a PUBREC without a packet id", [0x50, 0]],
    ["a PUBCOMP with the packet id 0", [0x70, 2, 0, 0]],
    ["a SUBACK with half a packet id", [0x90, 1, 7]],
    ["a CONNACK with unknown flags", [0x20, 2, 2, 0]],
    ["a SUBACK without anything", [0x90, 0]],
    ["type 0", [0x00, 0]],
    ["type 15", [0xf0, 0]],
    ["another protocol, as soon as its first byte is there", [...Buffer.from("HTTP/1.1 400 Bad Request\r\n")]],
  ])("says that %s is not MQTT, and reads no further", (_what, bytes) => {
    const { reader: made, told } = reader();
    expect(made.read(Buffer.concat([publishOf(1, 1), Buffer.from(bytes), publishOf(2, 1)]))).toMatchObject({
      code: "not-mqtt",
    });
    expect(told).toHaveLength(1);
  });

  test("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (chunks) => {
        const { reader: made } = reader();
        for (const chunk of chunks) if (made.read(Buffer.from(chunk)) !== undefined) return;
      }),
      { numRuns: 2_000 },
    );
  });
});
