import type { Fault } from "../../../src/base/fault.ts";
import type { Log } from "../../../src/base/log.ts";
import type { Message, ReceivedMessage } from "../../../src/bus/message.ts";
import type { SessionOptions } from "../../../src/bus/session.ts";
import type { OutgoingPublish, Wire, WireEvents, WireOptions } from "../../../src/bus/wire.ts";

/** One attempt to connect, in the hands of the test: what the session did with it, and what the broker says. */
export interface HandConnection {
  readonly options: WireOptions;
  readonly events: WireEvents;
  readonly subscribed: { readonly packetId: number; readonly filter: string; readonly qos: number }[];
  readonly published: OutgoingPublish[];
  readonly acknowledged: number[];
  /** What `publish` answers. */
  hasRoom: boolean;
  isDisconnected: boolean;
  aborted?: Fault;
  /** CONNACK, and SUBACK for everything that is subscribed to. */
  accept(sessionPresent?: boolean): void;
  receive(message: Message, packetId?: number): void;
}

export interface HandWire extends Wire {
  readonly connections: HandConnection[];
  /** The latest attempt. */
  readonly now: HandConnection;
}

export function handWire(): HandWire {
  const connections: HandConnection[] = [];
  return {
    connections,
    get now() {
      const latest = connections.at(-1);
      if (latest === undefined) throw new Error("Nobody connected yet");
      return latest;
    },
    connect(options, events) {
      const connection: HandConnection = {
        options,
        events,
        subscribed: [],
        published: [],
        acknowledged: [],
        hasRoom: true,
        isDisconnected: false,
        accept(sessionPresent = false) {
          events.connected(sessionPresent);
          for (const { packetId, qos } of connection.subscribed) events.subscribed(packetId, [qos]);
        },
        receive: (message, packetId = 0) =>
          events.received({ ...message, dup: false } satisfies ReceivedMessage, packetId),
      };
      connections.push(connection);
      return {
        subscribe: (packetId, { filter, qos }) => connection.subscribed.push({ packetId, filter, qos }),
        publish(packet) {
          connection.published.push(packet);
          return connection.hasRoom;
        },
        acknowledge: (packetId) => connection.acknowledged.push(packetId),
        disconnect() {
          connection.isDisconnected = true;
        },
        abort(fault) {
          connection.aborted = fault;
          events.closed(fault);
        },
      };
    },
  };
}

/** A log that keeps its lines, as `level text`. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (text: string, fault?: Fault) =>
    void lines.push(`${level} ${text}${fault === undefined ? "" : `: ${fault.message}`}`);
  return { lines, error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug"), trace: at("trace") };
}

export const PLAIN_OPTIONS = {
  endpoint: { host: "broker", port: 1883 },
  clientId: "client",
  clean: false,
  keepAlive: 60,
  reconnect: { initial: 1_000, maximum: 8_000, resetWindow: 60_000, connectTimeout: 5_000 },
  gate: { openOnResume: false, subackTimeout: 20_000, rounds: 3, onRejected: "stop" },
  outbox: { inflight: 10, messages: 4, bytes: 100_000 },
  receiveLimit: 100,
} as const satisfies Partial<SessionOptions>;
