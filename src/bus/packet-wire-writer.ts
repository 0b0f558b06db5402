import { Buffer } from "node:buffer";
import { generate, type Packet } from "mqtt-packet";
import type { OutgoingPublish } from "./wire.ts";

/** Packets one behind the other, to be written to the network at once. */
export interface PacketBatch {
  publish(packet: OutgoingPublish): void;
  acknowledge(packetId: number): void;
  /** Every other packet. */
  packet(packet: Packet): void;
  /** Bytes. */
  readonly length: number;
  /** The bytes, which are the caller's from now on; the batch is empty afterwards. */
  take(): Buffer;
}

/** PUBLISH and PUBACK, of which a bridge writes thousands in a second, are put together here; mqtt-packet does the rest. */
export function createPacketBatch(): PacketBatch {
  return new Batch();
}

/** The size of an empty batch. It grows with what it has to hold, and is this large again afterwards. */
const USUAL_SIZE = 64 * 1024;
/** The first byte of a PUBLISH without flags, and of a PUBACK (MQTT-2.2.1). */
const PUBLISH = 0x30;
const PUBACK = 0x40;
const DUP = 0x08;
const RETAIN = 0x01;
/** First byte and remaining length take no more (MQTT-2.2). */
const LONGEST_FIXED_HEADER = 5;

class Batch implements PacketBatch {
  length = 0;
  private bytes = Buffer.allocUnsafeSlow(USUAL_SIZE);

  /** MQTT-3.3: dup, QoS and retain in the flags, then the topic, the packet id unless the QoS is 0, and the payload up to the end. */
  publish({ message, packetId, dup }: OutgoingPublish): void {
    const { topic, payload, qos, retain } = message;
    const topicLength = Buffer.byteLength(topic);
    const remaining = 2 + topicLength + (qos === 0 ? 0 : 2) + payload.byteLength;
    this.reserve(LONGEST_FIXED_HEADER + remaining);
    this.writeByte(PUBLISH | (dup ? DUP : 0) | (qos << 1) | (retain ? RETAIN : 0));
    this.writeLength(remaining);
    this.writeNumber(topicLength);
    this.length += this.bytes.write(topic, this.length);
    if (qos > 0) this.writeNumber(packetId);
    this.bytes.set(payload, this.length);
    this.length += payload.byteLength;
  }

  /** MQTT-3.4. */
  acknowledge(packetId: number): void {
    this.reserve(4);
    this.writeByte(PUBACK);
    this.writeByte(2);
    this.writeNumber(packetId);
  }

  packet(packet: Packet): void {
    const bytes = generate(packet);
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  take(): Buffer {
    const { bytes, length } = this;
    this.length = 0;
    // A small copy costs less than another large buffer.
    if (bytes.length === USUAL_SIZE) return Buffer.from(bytes.subarray(0, length));
    this.bytes = Buffer.allocUnsafeSlow(USUAL_SIZE);
    return bytes.subarray(0, length);
  }

  private reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }

  private writeByte(value: number): void {
    this.bytes[this.length] = value;
    this.length += 1;
  }

  private writeNumber(value: number): void {
    this.writeByte(value >> 8);
    this.writeByte(value & 0xff);
  }

  /** Seven bits a byte, the lowest first, and the eighth where another one follows (MQTT-2.2.3). */
  private writeLength(remaining: number): void {
    let left = remaining;
    for (; left >= 0x80; left >>= 7) this.writeByte((left & 0x7f) | 0x80);
    this.writeByte(left);
  }
}
