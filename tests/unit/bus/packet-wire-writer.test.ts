import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Packet, parser } from "mqtt-packet";
import type { Message } from "../../../src/bus/message.ts";
import { createPacketBatch } from "../../../src/bus/packet-wire-writer.ts";
import type { OutgoingPublish } from "../../../src/bus/wire.ts";
import { wireSize } from "../../../src/bus/wire-size.ts";
import { anyMessage } from "./any-message.ts";

/** What mqtt-packet reads. */
function read(bytes: Buffer): Packet[] {
  const packets: Packet[] = [];
  const reader = parser();
  reader.on("packet", (packet) => packets.push(packet));
  reader.on("error", (thrown) => {
    throw thrown;
  });
  expect(reader.parse(bytes)).toBe(0);
  return packets;
}

const outgoing: fc.Arbitrary<OutgoingPublish> = fc
  .record({ message: anyMessage, packetId: fc.integer({ min: 1, max: 65_535 }), dup: fc.boolean() })
  .map(({ message, packetId, dup }) => ({ message, dup, packetId: message.qos === 0 ? 0 : packetId }));

const small: Message = { topic: "t", payload: Buffer.from("x"), qos: 1, retain: false };

describe("a batch", () => {
  test("of any publications is read by mqtt-packet as they were written", () => {
    fc.assert(
      fc.property(fc.array(outgoing, { maxLength: 20 }), (publications) => {
        const batch = createPacketBatch();
        for (const publication of publications) batch.publish(publication);
        const packets = read(batch.take());
        expect(packets).toHaveLength(publications.length);
        for (const [index, { message, packetId, dup }] of publications.entries()) {
          const { topic, qos, retain } = message;
          expect(packets[index]).toMatchObject({ cmd: "publish", topic, qos, retain, dup });
          if (qos > 0) expect(packets[index]).toHaveProperty("messageId", packetId);
          expect(packets[index]).toHaveProperty("payload", Buffer.from(message.payload));
        }
      }),
    );
  });

  test("takes as many bytes for a message as the wire size says", () => {
    fc.assert(
      fc.property(outgoing, (publication) => {
        const batch = createPacketBatch();
        batch.publish(publication);
        expect(batch.length).toBe(wireSize(publication.message));
      }),
    );
  });

  test.each([0, 127 - 3, 128 - 3, 16_383 - 3, 16_384 - 3, 2_097_151 - 3, 2_097_152 - 3])(
    "holds a payload of %i bytes",
    (length) => {
      const batch = createPacketBatch();
      const payload = Buffer.alloc(length, "ab");
      batch.publish({ message: { ...small, payload, qos: 0 }, packetId: 0, dup: false });
      const [packet] = read(batch.take());
      expect(packet?.cmd === "publish" && payload.equals(Buffer.from(packet.payload))).toBe(true);
    },
  );

  test("holds acknowledgements and everything else in the order in which they were written", () => {
    const batch = createPacketBatch();
    batch.acknowledge(7);
    batch.packet({ cmd: "pubrec", messageId: 8 });
    batch.publish({ message: small, packetId: 9, dup: false });
    batch.acknowledge(65_535);
    const packets = read(batch.take());
    expect(packets.map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ["puback", 7],
      ["pubrec", 8],
      ["publish", 9],
      ["puback", 65_535],
    ]);
  });

  test.each([1, 100_000])("is empty when it was taken, and what was taken stays as it is (%i bytes)", (length) => {
    const batch = createPacketBatch();
    batch.publish({ message: { ...small, payload: Buffer.alloc(length, "a") }, packetId: 1, dup: false });
    const taken = batch.take();
    const before = Buffer.from(taken);
    expect(batch.length).toBe(0);
    batch.publish({ message: { ...small, payload: Buffer.alloc(length, "b") }, packetId: 2, dup: false });
    expect(taken.equals(before)).toBe(true);
    expect(read(batch.take())).toHaveLength(1);
  });
});
