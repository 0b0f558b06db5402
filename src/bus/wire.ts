import type { Fault } from "../base/fault.ts";
import type { Message, QoS, ReceivedMessage } from "./message.ts";
import type { Subscription } from "./participant.ts";
import type { BrokerEndpoint } from "./session.ts";

/** What speaks MQTT over a network connection: MQTT.js for services, a socket and a codec for bridges, a simulated broker in tests. */
export interface Wire {
  /**
   * Begins one attempt to connect. Never throws, and calls no event before it has returned.
   * An attempt has no timeout of its own: whoever began it aborts it.
   */
  connect(options: WireOptions, events: WireEvents): WireConnection;
}

/** What CONNECT says. */
export interface WireOptions {
  readonly endpoint: BrokerEndpoint;
  readonly clientId: string;
  readonly clean: boolean;
  /** Seconds. */
  readonly keepAlive: number;
  readonly will?: Message;
}

/** A message with what its PUBLISH carries besides. `packetId` is 0 with QoS 0. */
export interface OutgoingPublish {
  readonly message: Message;
  readonly packetId: number;
  readonly dup: boolean;
}

/** Packet ids are the caller's. Nothing is written before `connected`, and calls after `closed` do nothing. */
export interface WireConnection {
  subscribe(packetId: number, subscription: Subscription): void;
  /** False when the network takes no more for now: `drained` will tell when to go on. The packet is written in either case. */
  publish(packet: OutgoingPublish): boolean;
  /** PUBACK of a received QoS 1 message, PUBREC of a QoS 2 one; the rest of a QoS 2 handshake is the wire's. */
  acknowledge(packetId: number, qos: QoS): void;
  /** Sends DISCONNECT, so that the broker forgets the will, and closes. */
  disconnect(): void;
  /** Closes at once and without DISCONNECT; `closed` is called with this fault before it returns. */
  abort(fault: Fault): void;
}

export interface WireEvents {
  /** CONNACK that accepts. */
  connected(sessionPresent: boolean): void;
  subscribed(packetId: number, returnCodes: readonly number[]): void;
  /** One PUBLISH; others may follow before it is acknowledged. `packetId` is 0 with QoS 0. */
  received(message: ReceivedMessage, packetId: number): void;
  /** The broker has the message: PUBACK, or PUBCOMP with QoS 2. */
  acknowledged(packetId: number): void;
  drained(): void;
  /** The end, once and for all: no event follows. */
  closed(fault: Fault): void;
}
