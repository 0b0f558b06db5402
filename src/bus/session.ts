import type { Fault } from "../base/fault.ts";
import type { Message, ReceivedMessage } from "./message.ts";
import type { Connection, Publish, Subscription } from "./participant.ts";

/** Where a broker is and how to prove who we are. Certificates and keys are PEM text, already read. */
export interface BrokerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls?: BrokerTls;
  readonly credentials?: { readonly username: string; readonly password?: string };
}

export interface BrokerTls {
  /** Certificates of authorities to trust; without it, those of the system. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  /** Name to check in the server's certificate; default: the host. */
  readonly serverName?: string;
}

export interface SessionOptions {
  readonly endpoint: BrokerEndpoint;
  readonly clientId: string;
  /** False: the broker keeps the session and queues for us while we are away. */
  readonly clean: boolean;
  /** Seconds. */
  readonly keepAlive: number;
  readonly will?: Message;
  readonly subscriptions: readonly Subscription[];
  /** Messages that are published before anything else on each connection, as soon as the subscriptions stand: health `up`. */
  readonly birth?: (connection: Connection) => readonly Message[];
  /** Published, and waited for, before a graceful DISCONNECT; the will counts as one. */
  readonly farewell?: () => readonly Message[];
  readonly reconnect: ReconnectPolicy;
  readonly gate: GatePolicy;
  readonly outbox: OutboxLimits;
  /** Which messages may be dropped, oldest first, when the outbox is full; default: those of QoS 0 that are not retained. */
  readonly isDroppable?: (message: Message) => boolean;
  /** A received payload of more bytes is acknowledged, dropped and logged (spec/mqtt-api §1). */
  readonly receiveLimit: number;
  /** Called for each message in order of arrival. QoS 1: PUBACK is sent once `acknowledge` was called, in order of arrival (MQTT-4.6.0-2). */
  readonly onMessage: (message: ReceivedMessage, acknowledge: () => void) => void;
  readonly onEvent?: (event: SessionEvent) => void;
}

/** Times in milliseconds (spec/bridges-and-mappers §1.7). */
export interface ReconnectPolicy {
  readonly initial: number;
  readonly maximum: number;
  /** A connection that held this long takes the delay back to `initial`. */
  readonly resetWindow: number;
  readonly connectTimeout: number;
}

/** When publishing may begin after CONNACK (spec/bridges-and-mappers §1.3). Times in milliseconds. */
export interface GatePolicy {
  /** Open at once when the broker resumed the session. */
  readonly openOnResume: boolean;
  readonly subackTimeout: number;
  /** SUBSCRIBEs are sent so many times before the gate opens anyway. */
  readonly rounds: number;
  /** What a refused subscription does: the bridge goes on with a warning, a service ends with a fault. */
  readonly onRejected: "continue" | "stop";
}

/** Bounds of what waits to be published (spec/mqtt-api §14.2, gap). */
export interface OutboxLimits {
  /** QoS>0 messages sent and not yet acknowledged. */
  readonly inflight: number;
  /** Messages waiting. When full, telemetry is dropped oldest first; what must not be lost is refused once nothing else is left to drop. */
  readonly messages: number;
  readonly bytes: number;
}

export type SessionEvent =
  | ({ readonly kind: "connected" } & Connection)
  | { readonly kind: "ready" }
  | { readonly kind: "subscription-rejected"; readonly filter: string }
  | { readonly kind: "disconnected"; readonly fault: Fault; readonly retryIn: number }
  | { readonly kind: "dropped"; readonly messages: number }
  | { readonly kind: "stopped"; readonly fault?: Fault };

/** One connection to a broker that heals itself. Nothing is published before the subscriptions stand. */
export interface Session {
  /** Begins to connect; goes on for ever in the background. */
  open(): void;
  /** Resolves once subscriptions stand for the first time; rejects with the fault when the session stops instead, or the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
  readonly publish: Publish;
  /** Takes back QoS>0 messages that wait and were never sent; their outcome is `closed`. The bridge uses it when the source will redeliver. */
  withdraw(which: (message: Message) => boolean): number;
  readonly stats: SessionStats;
  /** Publishes what waits and the farewell, waits for the acknowledgements at most `timeout` milliseconds, disconnects. At once when there is no connection. */
  close(timeout: number): Promise<void>;
}

export interface SessionStats {
  readonly connected: boolean;
  readonly waiting: number;
  readonly inflight: number;
  readonly dropped: number;
  readonly received: number;
  readonly published: number;
}
