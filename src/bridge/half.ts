import { toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { createSession, type SessionWorld } from "../bus/create-session.ts";
import type { ReceivedMessage } from "../bus/message.ts";
import { packetWire } from "../bus/packet-wire.ts";
import type { GatePolicy, Session, SessionEvent, SessionOptions } from "../bus/session.ts";
import { LARGEST_PACKET } from "../bus/wire-size.ts";
import { createLedger, type Debt } from "./ledger.ts";
import { type SeverableWire, severableWire } from "./severable-wire.ts";

/** How one of the two brokers is reached, and as whom (spec/bridges-and-mappers §1.1). */
export interface BridgeSide
  extends Pick<SessionOptions, "endpoint" | "clientId" | "clean" | "keepAlive" | "will" | "birth" | "farewell"> {
  /** Milliseconds. */
  readonly connectTimeout: number;
}

export interface HalfOptions extends BridgeSide, Pick<SessionOptions, "outbox"> {
  /** In front of each line of the log: `local` or `cloud`. */
  readonly label: string;
  readonly filters: readonly string[];
  /** Milliseconds. */
  readonly backoff: { readonly initial: number; readonly maximum: number; readonly resetWindow: number };
  /** `debt` is what the half owes its broker for a message of QoS>0. */
  readonly onMessage: (message: ReceivedMessage, debt: Debt | undefined) => void;
  readonly onEvent: (event: SessionEvent) => void;
}

/** One of the two connections of a bridge, with what its broker waits to get acknowledged. */
export interface Half {
  /** Another one after `reconnect`. */
  readonly session: Session;
  /** Makes the broker deliver again what it did not get acknowledged. What waits to be published meanwhile settles as `closed`. */
  reconnect(): void;
}

/** Publishing waits for the subscriptions, so that an answer never comes before them (spec/bridges-and-mappers §1.3). */
const GATE: GatePolicy = { openOnResume: true, subackTimeout: 20_000, rounds: 3, onRejected: "continue" };

export function createHalf(options: HalfOptions, world: SessionWorld): Half {
  return new LiveHalf(options, world);
}

class LiveHalf implements Half {
  session: Session;
  private readonly options: HalfOptions;
  private readonly world: SessionWorld;
  private readonly wire: SeverableWire;
  private readonly ledger = createLedger();
  private isReconnecting = false;

  constructor(options: HalfOptions, world: SessionWorld) {
    this.options = options;
    this.wire = severableWire(world.wire ?? packetWire(world.clock));
    this.world = { ...world, wire: this.wire, log: labelled(world.log, `[${options.label}] `) };
    this.session = this.makeSession();
  }

  reconnect(): void {
    // Without a connection the broker delivers again anyway, once there is one.
    if (!this.session.stats.connected) return;
    this.isReconnecting = true;
    this.wire.sever();
  }

  private makeSession(): Session {
    const { label: _label, filters, backoff, connectTimeout, onMessage, ...identity } = this.options;
    return createSession(
      {
        ...identity,
        subscriptions: filters.map((filter) => ({ filter, qos: 1 })),
        reconnect: { ...backoff, connectTimeout },
        gate: GATE,
        receiveLimit: LARGEST_PACKET,
        onMessage: (message, acknowledge) => {
          if (message.qos === 0) return onMessage(message, undefined);
          const debt = this.ledger.deliver(message, acknowledge);
          if (debt !== undefined) onMessage(message, debt);
        },
        onEvent: (event) => this.observe(event),
      },
      this.world,
    );
  }

  private observe(event: SessionEvent): void {
    if (event.kind === "connected") this.ledger.connected(event.sessionPresent);
    if (event.kind === "disconnected") this.ledger.connectionLost();
    if (event.kind === "disconnected" && this.isReconnecting) return this.beginAnew();
    this.options.onEvent(event);
  }

  /** A session of its own makes the new connection: it connects at once, for this loss was no failure. */
  private beginAnew(): void {
    this.isReconnecting = false;
    const former = this.session;
    this.session = this.makeSession();
    former.close(0).catch((thrown) => this.world.log.error("A session did not end", toFault(thrown)));
    this.session.open();
  }
}

function labelled(log: Log, label: string): Log {
  return {
    error: (text, fault) => log.error(label + text, fault),
    warn: (text, fault) => log.warn(label + text, fault),
    info: (text) => log.info(label + text),
    debug: (text) => log.debug(label + text),
    trace: (text) => log.trace(label + text),
  };
}
