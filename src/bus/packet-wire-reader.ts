import { Buffer } from "node:buffer";
import { type Packet, parser } from "mqtt-packet";
import { type Fault, fault } from "../base/fault.ts";
import type { QoS, ReceivedMessage } from "./message.ts";

/** The bytes are none that MQTT 3.1.1 knows. */
export type NotMqtt = Fault<"not-mqtt">;

/** What a reader found, in order of arrival. */
export interface PacketEvents {
  published(message: ReceivedMessage, packetId: number): void;
  acknowledged(packetId: number): void;
  /** Every other packet. */
  packet(packet: Packet): void;
}

/** Reads control packets from what the network brings, wherever that was cut. */
export interface PacketReader {
  /** Tells of all packets that `chunk` completes. After a fault, nothing more can be read. */
  read(chunk: Buffer): NotMqtt | undefined;
  /** Tells of nothing any more, not even of the packets left in the chunk that is being read. */
  close(): void;
}

/**
 * PUBLISH and PUBACK, of which a bridge reads thousands in a second, are taken apart here, and their payloads copied, so that a message that
 * is kept does not keep its neighbours; mqtt-packet takes the rest.
 */
export function createPacketReader(events: PacketEvents): PacketReader {
  return new Reader(events);
}

/** The upper four bits of the first byte (MQTT-2.2.1). */
const PUBLISH = 3;
const PUBACK = 4;
const PUBREL = 6;
/** A longer remaining length cannot be written down (MQTT-2.2.3). */
const MOST_LENGTH_BYTES = 4;

class Reader implements PacketReader {
  private readonly events: PacketEvents;
  private readonly parser = parser({ protocolVersion: 4 });
  /** The beginning of a packet whose end has not come. */
  private readonly begun: Buffer[] = [];
  private begunLength = 0;
  /** Bytes that it takes to go on. */
  private wanted = 0;
  private fault: NotMqtt | undefined;
  private isClosed = false;

  constructor(events: PacketEvents) {
    this.events = events;
    this.parser.on("packet", (packet) => {
      // For mqtt-packet a missing packet id is -1.
      if ((packet.messageId ?? 1) < 1) this.fail(`${packet.cmd} without a packet identifier`);
      else this.events.packet(packet);
    });
    this.parser.on("error", (thrown) => this.fail(String(thrown?.message ?? thrown)));
  }

  read(chunk: Buffer): NotMqtt | undefined {
    const bytes = this.join(chunk);
    if (bytes === undefined) return undefined;
    let at = 0;
    while (!this.isClosed) {
      const end = this.readPacket(bytes, at);
      if (end === undefined) break;
      at = end;
    }
    if (at < bytes.length && !this.isClosed) this.keep(at === 0 ? bytes : bytes.subarray(at));
    return this.fault;
  }

  close(): void {
    this.isClosed = true;
  }

  /** All bytes that were not read yet, once there are enough of them. */
  private join(chunk: Buffer): Buffer | undefined {
    if (this.begun.length === 0) return chunk;
    this.keep(chunk);
    if (this.begunLength < this.wanted) return undefined;
    const bytes = Buffer.concat(this.begun);
    this.begun.length = 0;
    this.begunLength = 0;
    return bytes;
  }

  private keep(bytes: Buffer): void {
    this.begun.push(bytes);
    this.begunLength += bytes.length;
  }

  /** Gives where the packet at `start` ends; `undefined` when it is not complete, or malformed. */
  private readPacket(bytes: Buffer, start: number): number | undefined {
    const first = bytes[start];
    if (first === undefined) return undefined;
    if (!hasItsFlags(first)) return this.fail(`no packet begins with the byte ${first}`);
    let length = 0;
    for (let place = 1; place <= MOST_LENGTH_BYTES; place += 1) {
      const byte = bytes[start + place];
      if (byte === undefined) return this.want(place + 1);
      length += (byte & 0x7f) * 128 ** (place - 1);
      if (byte >= 0x80) continue;
      const body = start + place + 1;
      const end = body + length;
      if (end > bytes.length) return this.want(end - start);
      if (first >> 4 === PUBLISH) this.takePublish(bytes, first & 0x0f, body, end);
      else if (first >> 4 === PUBACK) this.takeAck(bytes, body, end);
      else this.parser.parse(bytes.subarray(start, end));
      return end;
    }
    return this.fail("the remaining length has more than four bytes");
  }

  private want(bytes: number): undefined {
    this.wanted = bytes;
  }

  /** MQTT-3.4: a packet id. */
  private takeAck(bytes: Buffer, body: number, end: number): void {
    if (end - body !== 2) return this.fail("PUBACK without a packet identifier");
    this.events.acknowledged(bytes.readUInt16BE(body));
  }

  /** MQTT-3.3: dup, QoS and retain in the flags, then the topic, the packet id unless the QoS is 0, and the payload up to the end. */
  private takePublish(bytes: Buffer, flags: number, body: number, end: number): void {
    const qos = (flags >> 1) & 3;
    const topicAt = body + 2;
    const topicEnd = topicAt + (end < topicAt ? 0 : bytes.readUInt16BE(body));
    const payloadAt = topicEnd + (qos === 0 ? 0 : 2);
    if (!isQoS(qos)) return this.fail("PUBLISH with both QoS bits set");
    if (payloadAt > end) return this.fail("PUBLISH is too short for its topic");
    const packetId = qos === 0 ? 0 : bytes.readUInt16BE(topicEnd);
    if (qos > 0 && packetId === 0) return this.fail("PUBLISH without a packet identifier");
    const topic = bytes.toString("utf8", topicAt, topicEnd);
    const payload = new Uint8Array(end - payloadAt);
    bytes.copy(payload, 0, payloadAt, end);
    this.events.published({ topic, payload, qos, retain: (flags & 1) !== 0, dup: (flags & 8) !== 0 }, packetId);
  }

  private fail(text: string): undefined {
    this.fault ??= fault("not-mqtt", text);
    this.isClosed = true;
  }
}

/** The lower four bits of the first byte (MQTT-2.2.2). What is no MQTT is seen there, before the rest of it is waited for. */
function hasItsFlags(first: number): boolean {
  const type = first >> 4;
  return type === PUBLISH || (first & 0x0f) === (type === PUBREL ? 2 : 0);
}

function isQoS(value: number): value is QoS {
  return value <= 2;
}
