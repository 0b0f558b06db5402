import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { IConnackPacket, IConnectPacket, Packet } from "mqtt-packet";
import type { CancelTimer, Clock } from "../base/clock.ts";
import { type Fault, fault } from "../base/fault.ts";
import { connackFault, connectFault, connectionClosed } from "./connect-fault.ts";
import type { QoS } from "./message.ts";
import { openSocket } from "./open-socket.ts";
import { createKeepAlive } from "./packet-wire-keep-alive.ts";
import { createPacketReader } from "./packet-wire-reader.ts";
import { createPacketBatch } from "./packet-wire-writer.ts";
import type { Subscription } from "./participant.ts";
import type { OutgoingPublish, Wire, WireConnection, WireEvents, WireOptions } from "./wire.ts";

/**
 * MQTT 3.1.1 straight over a socket, for a bridge, where each message counts: under full load it takes half the processor time that it
 * takes with MQTT.js. What is written during one turn of the event loop leaves in one piece.
 */
export function packetWire(clock: Clock): Wire {
  return {
    connect(options, events) {
      const link = new PacketLink(options, events, clock);
      link.connect();
      return link;
    },
  };
}

/** A batch of so many bytes does not wait for the end of the turn. */
const FULL_BATCH = 48 * 1024;
/** Milliseconds that a broker gets to close the connection after DISCONNECT. */
const DISCONNECT_TIMEOUT = 1_000;

class PacketLink implements WireConnection {
  private readonly options: WireOptions;
  private readonly events: WireEvents;
  private readonly clock: Clock;
  private readonly batch = createPacketBatch();
  private readonly reader;
  private readonly keepAlive;
  private socket: Socket | undefined;
  private state: "connecting" | "accepted" | "disconnecting" | "closed" = "connecting";
  private isGathering = false;
  private isFull = false;
  private cancelDisconnect: CancelTimer | undefined;

  constructor(options: WireOptions, events: WireEvents, clock: Clock) {
    this.options = options;
    this.events = events;
    this.clock = clock;
    this.reader = createPacketReader({
      published: (message, packetId) => {
        if (this.state === "connecting") this.violated("PUBLISH before CONNACK");
        else events.received(message, packetId);
      },
      acknowledged: (packetId) => {
        if (this.state === "connecting") this.violated("PUBACK before CONNACK");
        else events.acknowledged(packetId);
      },
      packet: (packet) => this.receive(packet),
    });
    this.keepAlive = createKeepAlive(clock, options.keepAlive, {
      ping: () => this.write({ cmd: "pingreq" }),
      dead: () => this.fail(fault("no-pingresp", "the broker did not answer a PINGREQ")),
    });
  }

  connect(): void {
    const { endpoint } = this.options;
    let socket: Socket;
    try {
      socket = openSocket(endpoint);
    } catch (thrown) {
      queueMicrotask(() => this.fail(thrown));
      return;
    }
    this.socket = socket;
    // Not before the broker has shown its certificate: CONNECT may hold a password.
    socket.once(endpoint.tls === undefined ? "connect" : "secureConnect", () => {
      this.batch.packet(connectPacket(this.options));
      this.flush();
    });
    socket.on("data", (chunk: Buffer) => this.read(chunk));
    socket.on("drain", () => this.drained());
    socket.on("error", (thrown) => this.fail(thrown));
    socket.on("close", () => this.end(connectionClosed(endpoint, this.state !== "connecting")));
  }

  subscribe(messageId: number, { filter, qos }: Subscription): void {
    this.write({ cmd: "subscribe", messageId, subscriptions: [{ topic: filter, qos }] });
  }

  publish(packet: OutgoingPublish): boolean {
    if (this.state !== "accepted") return false;
    this.batch.publish(packet);
    this.gather();
    this.isFull = this.socket?.writableNeedDrain === true;
    return !this.isFull;
  }

  acknowledge(packetId: number, qos: QoS): void {
    if (this.state !== "accepted" || qos === 0) return;
    if (qos === 2) return this.write({ cmd: "pubrec", messageId: packetId });
    this.batch.acknowledge(packetId);
    this.gather();
  }

  disconnect(): void {
    if (this.state !== "accepted") return;
    this.write({ cmd: "disconnect" });
    this.flush();
    this.state = "disconnecting";
    this.socket?.end();
    const { endpoint } = this.options;
    this.cancelDisconnect = this.clock.after(DISCONNECT_TIMEOUT, () => this.end(connectionClosed(endpoint, true)));
  }

  abort(fault: Fault): void {
    this.end(fault);
  }

  private write(packet: Packet): void {
    if (this.state !== "accepted") return;
    this.batch.packet(packet);
    this.gather();
  }

  private gather(): void {
    if (this.batch.length >= FULL_BATCH) return this.flush();
    if (this.isGathering) return;
    this.isGathering = true;
    setImmediate(() => {
      this.isGathering = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.batch.length === 0 || this.state === "closed") return;
    this.keepAlive.sent();
    this.socket?.write(this.batch.take());
  }

  private drained(): void {
    if (!this.isFull || this.state === "closed") return;
    this.isFull = false;
    this.events.drained();
  }

  private read(chunk: Buffer): void {
    if (this.state === "closed") return;
    this.keepAlive.received();
    const malformed = this.reader.read(chunk);
    if (malformed !== undefined) this.fail(malformed);
  }

  private receive(packet: Packet): void {
    if (packet.cmd === "connack") return this.answer(packet);
    if (this.state === "connecting") return this.violated(`${packet.cmd} before CONNACK`);
    switch (packet.cmd) {
      case "suback":
        return this.events.subscribed(packet.messageId ?? 0, packet.granted.map(Number));
      case "pubrec":
        return this.write({ cmd: "pubrel", messageId: packet.messageId ?? 0 });
      case "pubrel":
        return this.write({ cmd: "pubcomp", messageId: packet.messageId ?? 0 });
      case "pubcomp":
        return this.events.acknowledged(packet.messageId ?? 0);
      case "pingresp":
        return;
      default:
        return this.violated(`a broker does not send ${packet.cmd}`);
    }
  }

  private answer({ returnCode, sessionPresent }: IConnackPacket): void {
    if (this.state !== "connecting" || returnCode === undefined) return this.violated("unexpected CONNACK");
    if (returnCode !== 0) return this.end(connackFault(this.options.endpoint, returnCode));
    this.state = "accepted";
    this.keepAlive.start();
    this.events.connected(sessionPresent);
  }

  /** MQTT-4.8.0-1. */
  private violated(rule: string): void {
    this.fail(fault("not-mqtt", rule));
  }

  private fail(thrown: unknown): void {
    this.end(connectFault(this.options.endpoint, thrown));
  }

  private end(reason: Fault): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.reader.close();
    this.keepAlive.stop();
    this.cancelDisconnect?.();
    this.socket?.destroy();
    this.events.closed(reason);
  }
}

function connectPacket({ endpoint, clientId, clean, keepAlive, will }: WireOptions): IConnectPacket {
  const { username, password } = endpoint.credentials ?? {};
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId,
    clean,
    keepalive: keepAlive,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
  };
}
