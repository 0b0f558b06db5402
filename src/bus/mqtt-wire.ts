import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import process from "node:process";
import { setImmediate } from "node:timers";
import { type IClientOptions, type IPublishPacket, MqttClient, type Packet } from "mqtt";
import type { Fault } from "../base/fault.ts";
import { connackFault, connectFault, connectionClosed } from "./connect-fault.ts";
import type { Message } from "./message.ts";
import { openSocket } from "./open-socket.ts";
import type { OutgoingPublish, Wire, WireConnection, WireEvents, WireOptions } from "./wire.ts";

/** The version of MQTT.js whose inside this file knows; see `PacketDoor`. */
export const MQTT_JS_VERSION = "5.16.0";

/**
 * MQTT 3.1.1 by MQTT.js, used as codec, keep-alive and packet pump only: one client per attempt to connect, no reconnection, no
 * resubscription, no queue, no store and no packet ids of its own.
 */
export const mqttWire: Wire = {
  connect(options, events) {
    const link = new MqttLink(options, events);
    link.connect();
    return link;
  },
};

/**
 * The one private part of MQTT.js that is used: every packet but CONNECT leaves through this method. With `unstored` it is written
 * as it is; without, MQTT.js would copy publications into its store. PUBACK and PUBREC are taken out here, since MQTT.js sends them as
 * soon as it has read a message. tests/unit/bus/mqtt-wire.test.ts fails when this is no longer so.
 */
interface PacketDoor {
  _sendPacket(packet: Packet, written?: () => void, stored?: () => void, unstored?: boolean): void;
}

class MqttLink implements WireConnection {
  private readonly options: WireOptions;
  private readonly events: WireEvents;
  private readonly client: MqttClient;
  private readonly send: (packet: Packet) => void;
  private socket: Socket | undefined;
  private accepted = false;
  private closed = false;
  private isFull = false;
  private isGathering = false;

  constructor(options: WireOptions, events: WireEvents) {
    this.options = options;
    this.events = events;
    this.client = new MqttClient(() => this.open(), clientOptions(options));
    const door = this.client as unknown as PacketDoor;
    const send = door._sendPacket.bind(this.client);
    this.send = (packet) => send(packet, undefined, undefined, true);
    door._sendPacket = (packet, written, stored, unstored) => {
      if (packet.cmd === "puback" || packet.cmd === "pubrec") written?.();
      else send(packet, written, stored, unstored);
    };
  }

  connect(): void {
    this.client.on("packetreceive", (packet) => this.received(packet));
    this.client.on("error", (thrown) => this.end(connectFault(this.options.endpoint, thrown)));
    this.client.on("close", () => this.end(connectionClosed(this.options.endpoint, this.accepted)));
    try {
      this.client.connect();
    } catch (thrown) {
      queueMicrotask(() => this.end(connectFault(this.options.endpoint, thrown)));
    }
  }

  subscribe(messageId: number, { filter, qos }: Parameters<WireConnection["subscribe"]>[1]): void {
    if (this.canWrite) this.write({ cmd: "subscribe", messageId, subscriptions: [{ topic: filter, qos }] });
  }

  publish({ message, packetId, dup }: OutgoingPublish): boolean {
    if (!this.canWrite) return false;
    const { topic, qos, retain } = message;
    this.write({ cmd: "publish", topic, payload: bufferOf(message), qos, retain, dup, messageId: packetId });
    this.isFull = this.socket?.writableNeedDrain === true;
    return !this.isFull;
  }

  acknowledge(messageId: number, qos: Message["qos"]): void {
    if (this.canWrite && qos > 0) this.write({ cmd: qos === 1 ? "puback" : "pubrec", messageId });
  }

  disconnect(): void {
    if (this.canWrite) this.client.end();
  }

  abort(fault: Fault): void {
    this.end(fault);
  }

  private get canWrite(): boolean {
    return this.accepted && !this.closed;
  }

  /** Gathers what is written in one turn of the event loop into one write to the network, which is most of what a packet costs. */
  private write(packet: Packet): void {
    if (!this.isGathering) {
      this.isGathering = true;
      this.socket?.cork();
      setImmediate(() => {
        this.isGathering = false;
        this.socket?.uncork();
      });
    }
    this.send(packet);
  }

  private open(): Socket {
    const socket = openSocket(this.options.endpoint);
    this.socket = socket;
    // MQTT.js passes on only errors that have a code, and the first may come before it listens.
    socket.on("error", (thrown) => this.end(connectFault(this.options.endpoint, thrown)));
    socket.on("drain", () => {
      if (!this.isFull || this.closed) return;
      this.isFull = false;
      this.events.drained();
    });
    return socket;
  }

  private received(packet: Packet): void {
    if (this.closed) return;
    switch (packet.cmd) {
      case "connack":
        if (packet.returnCode === 0) this.accept(packet.sessionPresent);
        else this.end(connackFault(this.options.endpoint, packet.returnCode ?? 0));
        return;
      case "publish":
        return this.events.received(messageOf(packet), packet.messageId ?? 0);
      case "suback":
        return this.events.subscribed(packet.messageId ?? 0, packet.granted.map(Number));
      case "pubrec":
        // Our own publications are unknown to MQTT.js, so the handshake of QoS 2 is finished here.
        return this.write({ cmd: "pubrel", messageId: packet.messageId ?? 0 });
      case "puback":
      case "pubcomp":
        return this.events.acknowledged(packet.messageId ?? 0);
      default:
        return;
    }
  }

  /** MQTT.js tells of CONNACK before it opens its door; the tick comes before it looks at the packet behind. */
  private accept(sessionPresent: boolean): void {
    process.nextTick(() => {
      if (this.closed) return;
      this.accepted = true;
      this.events.connected(sessionPresent);
    });
  }

  private end(fault: Fault): void {
    if (this.closed) return;
    this.closed = true;
    // Without a socket MQTT.js has nothing to end; after DISCONNECT it leaves the socket to the broker.
    if (this.socket !== undefined) this.client.end(true);
    this.socket?.destroy();
    this.events.closed(fault);
  }
}

function clientOptions(options: WireOptions): IClientOptions {
  const { endpoint, will } = options;
  return {
    protocolId: "MQTT",
    protocolVersion: 4,
    clientId: options.clientId,
    clean: options.clean,
    keepalive: options.keepAlive,
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    writeCache: false,
    // Whoever asked for the connection has a timeout and aborts.
    connectTimeout: LONGEST_TIMEOUT,
    log: () => undefined,
    ...(endpoint.credentials === undefined ? {} : { username: endpoint.credentials.username }),
    ...(endpoint.credentials?.password === undefined ? {} : { password: endpoint.credentials.password }),
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: bufferOf(will), qos: will.qos, retain: will.retain } }),
  };
}

const LONGEST_TIMEOUT = 2 ** 31 - 1;

function messageOf(packet: IPublishPacket): Parameters<WireEvents["received"]>[0] {
  const { topic, payload, qos, retain, dup } = packet;
  return { topic, payload: typeof payload === "string" ? Buffer.from(payload) : payload, qos, retain, dup };
}

function bufferOf({ payload }: Message): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
