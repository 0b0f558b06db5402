import { sleep } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { toFault } from "../base/fault.ts";
import { drive } from "../base/machine.ts";
import type { Unit } from "../base/unit.ts";
import type { SessionWorld } from "../bus/create-session.ts";
import { type Message, type ReceivedMessage, retained, transient } from "../bus/message.ts";
import type { PublishOutcome } from "../bus/participant.ts";
import type { SessionEvent } from "../bus/session.ts";
import { LARGEST_PACKET, wireSize } from "../bus/wire-size.ts";
import { bridgeHealthMachine, type HealthStatus } from "./bridge-health.machine.ts";
import { type BridgeSide, createHalf, type Half } from "./half.ts";
import type { Debt } from "./ledger.ts";
import { describeLoss, lossNotices } from "./loss-notices.ts";
import { describeLoop, findLoops } from "./overlap.ts";
import { type Loss, otherSide, type RelayEffect, relayMachine } from "./relay.machine.ts";
import { createRouter, type Router, type Side } from "./route.ts";
import type { BridgeRule } from "./rule.ts";

export interface BridgeOptions {
  /** The service name of the bridge, `tedge-mapper-bridge-<prefix>`. */
  readonly name: string;
  /** Its will is the bridge's own: health `down`. */
  readonly local: Omit<BridgeSide, "will" | "birth" | "farewell">;
  readonly remote: BridgeSide;
  /** In order of precedence. */
  readonly rules: readonly BridgeRule[];
  readonly healthTopic: string;
  /** Where dropped messages are told: `<root>/errors`. */
  readonly errorsTopic: string;
  /** Bytes on the wire of a message for the remote broker; a larger one is dropped. */
  readonly maxPacket: number;
  /** Milliseconds (spec/bridges-and-mappers §1.7). */
  readonly reconnect: { readonly initial: number; readonly maximum: number; readonly resetWindow: number };
  /** How much may be on its way to one broker; the other one keeps the rest. */
  readonly capacity?: BridgeCapacity;
}

/** Messages of QoS>0. As much again is kept of QoS 0, and the oldest dropped. */
export interface BridgeCapacity {
  readonly messages: number;
  /** Also the size of the largest message that can pass. */
  readonly bytes: number;
}

export const BRIDGE_CAPACITY: BridgeCapacity = { messages: 10_000, bytes: 64 * 1024 * 1024 };

/** QoS>0 messages sent and not acknowledged, to each broker (spec/bridges-and-mappers §1.1). */
const INFLIGHT = 500;
/** Milliseconds that stopping waits for acknowledgements that are on their way. */
const PATIENCE = 5_000;

/**
 * Carries messages between two brokers as its rules say; one of QoS 1 is acknowledged to the broker it came from once the other one has it
 * (spec/bridges-and-mappers §1). `start` resolves once the local broker is connected; the remote one may be away for as long as it likes.
 */
export function createBridge(options: BridgeOptions, world: SessionWorld): Unit {
  return new Bridge(options, world);
}

class Bridge implements Unit {
  readonly name: string;
  private readonly options: BridgeOptions;
  private readonly world: SessionWorld;
  private readonly capacity: BridgeCapacity;
  private readonly relay;
  private readonly health;
  private readonly notice;
  private readonly local: Half;
  private readonly remote: Half;
  /** What is owed for the messages that are on their way. */
  private readonly debts = new Map<number, Debt>();
  private readonly idle = new AbortController();
  private lastId = 0;
  private isStopping = false;

  constructor(options: BridgeOptions, world: SessionWorld) {
    this.name = options.name;
    this.options = options;
    this.world = world;
    this.capacity = options.capacity ?? BRIDGE_CAPACITY;
    this.notice = lossNotices(world.clock);
    const router = createRouter(options.rules);
    this.relay = drive(relayMachine(this.policy(router)), (effect) => this.perform(effect));
    this.health = drive(bridgeHealthMachine, ({ status }) => this.publishHere(this.healthMessage(status)));
    this.local = this.half("local", { ...options.local, will: this.healthMessage("down") }, router);
    this.remote = this.half("remote", options.remote, router);
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const loop of findLoops(this.options.rules)) this.world.log.warn(describeLoop(loop));
    this.local.session.open();
    this.remote.session.open();
    await this.local.session.ready(signal);
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    this.relay.send({ kind: "stop" });
    this.withdraw("local");
    this.withdraw("remote");
    await this.settleDebts();
    await Promise.all([this.local.session.close(PATIENCE), this.remote.session.close(PATIENCE)]);
  }

  private policy(router: Router) {
    const { local, remote, maxPacket } = this.options;
    const largest = Math.min(LARGEST_PACKET, this.capacity.bytes);
    return {
      router,
      wireSize,
      capacity: this.capacity,
      limits: { local: largest, remote: Math.min(largest, maxPacket) },
      redelivers: { local: !local.clean, remote: !remote.clean },
    };
  }

  private half(side: Side, identity: BridgeSide, router: Router): Half {
    const { messages, bytes } = this.capacity;
    return createHalf(
      {
        ...identity,
        label: side === "local" ? "local" : "cloud",
        filters: router.filters[side],
        backoff: this.options.reconnect,
        outbox: { inflight: INFLIGHT, messages: 2 * messages, bytes: 2 * bytes },
        onMessage: (message, debt) => this.receive(side, message, debt),
        onEvent: (event) => this.observe(side, event),
      },
      this.world,
    );
  }

  private receive(from: Side, message: ReceivedMessage, debt: Debt | undefined): void {
    this.lastId += 1;
    const id = this.lastId;
    if (debt !== undefined) this.debts.set(id, debt);
    this.relay.send({ kind: "received", id, from, message, at: this.world.clock.monotonic() });
  }

  private perform(effect: RelayEffect): void {
    switch (effect.kind) {
      case "forward":
        return this.forward(effect.id, effect.to, effect.message);
      case "acknowledge":
        return this.takeDebt(effect.id)?.settle();
      case "leave":
        return this.takeDebt(effect.id)?.forget();
      case "reconnect":
        return this[effect.side].reconnect();
      case "report":
        return this.report(effect.loss);
      default:
        return exhaustive(effect);
    }
  }

  private forward(id: number, to: Side, message: Message): void {
    const settle = (outcome: PublishOutcome) => {
      if (this.isLeftBehind(outcome)) return this.forward(id, to, message);
      this.relay.send({ kind: "settled", id, to, message, outcome, at: this.world.clock.monotonic() });
    };
    this[to].session
      .publish(message)
      .then(settle)
      .catch((thrown) => this.tellBug(thrown));
  }

  /** The session ended because its half connects anew; its successor has to take over. */
  private isLeftBehind(outcome: PublishOutcome): boolean {
    return outcome === "closed" && !this.isStopping;
  }

  private takeDebt(id: number): Debt | undefined {
    const debt = this.debts.get(id);
    this.debts.delete(id);
    if (this.isStopping && this.debts.size === 0) this.idle.abort();
    return debt;
  }

  private observe(side: Side, event: SessionEvent): void {
    if (event.kind === "connected") {
      this.relay.send({ kind: "connected", side, sessionPresent: event.sessionPresent });
      this.health.send({ side, status: "up" });
    }
    if (event.kind === "disconnected") this.health.send({ side, status: "down" });
  }

  private report(loss: Loss): void {
    this.world.log.warn(describeLoss(loss));
    if (loss.topic === this.options.errorsTopic) return;
    const notice = this.notice(loss);
    if (notice !== undefined) this.publishHere(transient(this.options.errorsTopic, notice));
  }

  private publishHere(message: Message): void {
    const settle = (outcome: PublishOutcome) => {
      if (this.isLeftBehind(outcome)) this.publishHere(message);
    };
    this.local.session
      .publish(message)
      .then(settle)
      .catch((thrown) => this.tellBug(thrown));
  }

  private healthMessage(status: HealthStatus): Message {
    return retained(this.options.healthTopic, JSON.stringify({ status }));
  }

  /** What was not sent yet is delivered again after the next start, unless the broker it came from forgets it. */
  private withdraw(to: Side): void {
    if (this.options[otherSide(to)].clean) return;
    const own = [this.options.healthTopic, this.options.errorsTopic];
    this[to].session.withdraw(({ topic }) => !own.includes(topic));
  }

  /** Waits for what was sent, so that it is not sent a second time after the next start. */
  private async settleDebts(): Promise<void> {
    const isUnderway = [this.local, this.remote].some(
      ({ session }) => session.stats.connected && session.stats.inflight > 0,
    );
    if (isUnderway && this.debts.size > 0) await sleep(this.world.clock, PATIENCE, this.idle.signal);
  }

  private tellBug(thrown: unknown): void {
    this.world.log.error("The bridge failed to handle a message", toFault(thrown));
  }
}
