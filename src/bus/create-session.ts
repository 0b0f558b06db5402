import type { CancelTimer, Clock } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { describeFault, type Fault, FaultError, fault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { drive } from "../base/machine.ts";
import { type AckQueue, createAckQueue } from "./ack-queue.ts";
import { isFireAndForget } from "./droppable.ts";
import type { Message, ReceivedMessage } from "./message.ts";
import { mqttWire } from "./mqtt-wire.ts";
import { createOutbox } from "./outbox.ts";
import type { Connection, PublishOutcome } from "./participant.ts";
import { type SessionEffect, sessionMachine } from "./session.machine.ts";
import type { Session, SessionEvent, SessionOptions, SessionStats } from "./session.ts";
import { isTopicName } from "./topic-filter.ts";
import type { Wire, WireConnection, WireEvents } from "./wire.ts";
import { LARGEST_PACKET, wireSize } from "./wire-size.ts";

/** What a session needs of the world around it. */
export interface SessionWorld {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Default: MQTT.js. */
  readonly wire?: Wire;
}

/** Drops are told at most once in so many milliseconds. */
const DROP_REPORT = 1_000;

/** A session over the machine of session.machine.ts. Nothing happens before `open`. */
export function createSession(options: SessionOptions, world: SessionWorld): Session {
  return new LiveSession(options, world);
}

/** One connection, or attempt to make one, and what it owes. */
interface Link {
  readonly connection: WireConnection;
  readonly acks: AckQueue;
}

class LiveSession implements Session {
  private readonly options: SessionOptions;
  private readonly world: SessionWorld;
  private readonly outbox;
  private readonly machine;
  private readonly firstReady = Promise.withResolvers<void>();
  private readonly stopped = Promise.withResolvers<void>();
  private link: Link | undefined;
  private isOpen = false;
  private isFull = false;
  private isClosing = false;
  private receivedCount = 0;
  private droppedTold = 0;
  /** Why there is no connection, as the log has it; forgotten with the next connection. */
  private lossTold: string | undefined;
  private cancelTimer: CancelTimer = nothing;
  private cancelDropReport: CancelTimer | undefined;

  constructor(options: SessionOptions, world: SessionWorld) {
    this.options = options;
    this.world = world;
    this.outbox = createOutbox(options.outbox, options.isDroppable ?? isFireAndForget);
    this.machine = drive(sessionMachine(options), (effect) => this.perform(effect));
    // Nobody has to call `ready`.
    this.firstReady.promise.catch(nothing);
  }

  open(): void {
    this.machine.send({ kind: "open" });
  }

  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(new FaultError(fault("aborted", "Stopped before the session was ready")));
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort);
      const done = () => signal.removeEventListener("abort", abort);
      this.firstReady.promise.then(resolve, reject).finally(done);
    });
  }

  readonly publish = (message: Message): Promise<PublishOutcome> => {
    if (this.isClosing) return CLOSED;
    if (!this.isPublishable(message)) return REFUSED;
    return new Promise((resolve) => {
      this.outbox.offer(message, resolve);
      this.flush();
      if (this.outbox.dropped === this.droppedTold) return;
      this.cancelDropReport ??= this.world.clock.after(DROP_REPORT, () => this.reportDrops());
    });
  };

  withdraw(which: (message: Message) => boolean): number {
    return this.outbox.withdraw(which);
  }

  get stats(): SessionStats {
    const { waiting, inflight, dropped, published } = this.outbox;
    return { connected: this.isOpen, waiting, inflight, dropped, received: this.receivedCount, published };
  }

  close(timeout: number): Promise<void> {
    this.isClosing = true;
    this.machine.send({ kind: "close", timeout });
    return this.stopped.promise;
  }

  private perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case "connect":
        return this.connect();
      case "subscribe":
        return this.link?.connection.subscribe(effect.packetId, effect.subscription);
      case "open-gate":
        return this.openGate(effect);
      case "close-gate":
        this.isOpen = false;
        return;
      case "drain":
        return this.drain();
      case "disconnect":
        return this.link?.connection.disconnect();
      case "abort":
        return this.abort(effect.fault);
      case "start-timer":
        return this.startTimer(effect.milliseconds);
      case "stop-timer":
        return this.cancelTimer();
      case "tell":
        return this.tell(effect.event);
      case "log":
        return this.world.log[effect.level](effect.text);
      default:
        return exhaustive(effect);
    }
  }

  private connect(): void {
    const { endpoint, clientId, clean, keepAlive, will } = this.options;
    const request = { endpoint, clientId, clean, keepAlive, ...(will === undefined ? {} : { will }) };
    this.isFull = false;
    const acks = createAckQueue((packetId, qos) => connection.acknowledge(packetId, qos));
    const connection = (this.world.wire ?? mqttWire).connect(request, this.eventsOf(acks));
    this.link = { connection, acks };
  }

  private eventsOf(acks: AckQueue): WireEvents {
    return {
      connected: (sessionPresent) =>
        this.machine.send({ kind: "connected", sessionPresent, at: this.world.clock.monotonic() }),
      subscribed: (packetId, returnCodes) => this.machine.send({ kind: "subscribed", packetId, returnCodes }),
      received: (message, packetId) => this.receive(message, packetId, acks),
      acknowledged: (packetId) => this.acknowledged(packetId),
      drained: () => {
        this.isFull = false;
        this.flush();
      },
      closed: (fault) => this.lost(fault, acks),
    };
  }

  private lost(fault: Fault, acks: AckQueue): void {
    acks.close();
    this.link = undefined;
    this.isOpen = false;
    this.outbox.connectionLost();
    this.machine.send({ kind: "lost", fault, at: this.world.clock.monotonic(), random: this.world.random() });
  }

  private receive(message: ReceivedMessage, packetId: number, acks: AckQueue): void {
    this.receivedCount += 1;
    const acknowledge = message.qos === 0 ? nothing : acks.arrived(packetId, message.qos);
    const size = message.payload.byteLength;
    if (size > this.options.receiveLimit) {
      const limit = this.options.receiveLimit;
      this.world.log.error(
        `Dropping message received on topic ${message.topic}: payload of ${size} bytes exceeds the limit of ${limit}`,
      );
      return acknowledge();
    }
    try {
      this.options.onMessage(message, acknowledge);
    } catch (thrown) {
      // Delivered again it would fail again, and hold up everything behind it.
      this.world.log.error(`Cannot handle the message received on topic ${message.topic}`, toFault(thrown));
      acknowledge();
    }
  }

  private acknowledged(packetId: number): void {
    if (!this.outbox.acknowledged(packetId)) this.world.log.warn(`Received ack for unknown pkid=${packetId}`);
    this.flush();
  }

  private openGate(connection: Connection): void {
    this.isOpen = true;
    this.outbox.lead(this.options.birth?.(connection) ?? []);
    this.flush();
  }

  private drain(): void {
    const farewell = this.options.farewell?.() ?? [];
    const { will } = this.options;
    const isSaid = will === undefined || farewell.some(({ topic }) => topic === will.topic);
    this.outbox.trail(isSaid ? farewell : [...farewell, will]);
    this.isOpen = true;
    this.flush();
  }

  private flush(): void {
    if (!this.isOpen) return;
    while (!this.isFull && this.link !== undefined) {
      const packet = this.outbox.next();
      if (packet === undefined) break;
      this.isFull = !this.link.connection.publish(packet);
    }
    if (this.isClosing && this.outbox.waiting === 0 && this.outbox.inflight === 0) {
      this.machine.send({ kind: "drained" });
    }
  }

  private abort(because: Fault): void {
    const { host, port } = this.options.endpoint;
    this.link?.connection.abort({ ...because, message: `${host}:${port}: ${because.message}` });
  }

  private startTimer(milliseconds: number): void {
    this.cancelTimer();
    this.cancelTimer = this.world.clock.after(milliseconds, () => this.machine.send({ kind: "timer" }));
  }

  private tell(event: SessionEvent): void {
    this.logEvent(event);
    if (event.kind === "ready") this.firstReady.resolve();
    if (event.kind === "stopped") this.finish(event.fault);
    this.options.onEvent?.(event);
  }

  private finish(because: Fault | undefined): void {
    this.isClosing = true;
    this.outbox.close();
    this.reportDrops();
    this.firstReady.reject(new FaultError(because ?? fault("closed", "The session was closed")));
    this.stopped.resolve();
  }

  private logEvent(event: SessionEvent): void {
    const { log } = this.world;
    const { host, port } = this.options.endpoint;
    switch (event.kind) {
      case "connected":
        this.lossTold = undefined;
        return log.info(`Connected to ${host}:${port} as ${this.options.clientId}`);
      case "ready":
        return log.debug("All subscriptions stand");
      case "subscription-rejected":
        return log.warn(`Broker rejected one or more subscriptions: ${event.filter}`);
      case "disconnected":
        return this.logLoss(event.fault, event.retryIn);
      case "dropped":
        return log.warn(`${event.messages} messages dropped, since more wait to be published than there is room for`);
      case "stopped":
        return event.fault === undefined ? log.debug("Session closed") : log.error("Session ended", event.fault);
      default:
        return exhaustive(event);
    }
  }

  /** A broker that stays away for days is told once, and again when the reason changes: the log may be on flash. */
  private logLoss(because: Fault, retryIn: number): void {
    const { log } = this.world;
    const isNew = because.message !== this.lossTold;
    this.lossTold = because.message;
    const text = `No connection to the broker: ${describeFault(because)}; trying again until there is one`;
    if (isNew) log.warn(text);
    else log.debug(text);
    if (retryIn === 0) return;
    const pause = `Waiting ${retryIn / 1_000}s until attempting reconnection to broker`;
    if (isNew) log.info(pause);
    else log.debug(pause);
  }

  private reportDrops(): void {
    this.cancelDropReport?.();
    this.cancelDropReport = undefined;
    const messages = this.outbox.dropped - this.droppedTold;
    if (messages === 0) return;
    this.droppedTold = this.outbox.dropped;
    this.tell({ kind: "dropped", messages });
  }

  /** A broker ends the connection on seeing what MQTT does not allow; sent again and again, that would never heal. */
  private isPublishable(message: Message): boolean {
    if (isTopicName(message.topic) && wireSize(message) <= LARGEST_PACKET) return true;
    this.world.log.error(`Cannot publish on topic ${message.topic.slice(0, 200)}: not a valid topic, or too large`);
    return false;
  }
}

const CLOSED: Promise<PublishOutcome> = Promise.resolve("closed");
const REFUSED: Promise<PublishOutcome> = Promise.resolve("refused");

function nothing(): void {}
