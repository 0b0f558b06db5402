import { describe, expect, test } from "bun:test";
import type { Log } from "../../src/base/log.ts";
import { createSession } from "../../src/bus/create-session.ts";
import type { Message, ReceivedMessage } from "../../src/bus/message.ts";
import type { PublishOutcome } from "../../src/bus/participant.ts";
import type { Session, SessionOptions } from "../../src/bus/session.ts";
import { type CheckedWire, checkedWire } from "./session-checked-wire.ts";
import { type SimulatedBroker, simulatedBroker } from "./simulated-broker.ts";
import { type SimulatedClock, simulatedClock } from "./simulated-clock.ts";

/** Each history is drawn from its seed; SESSION_SEED runs a single one. */
const FIRST_SEED = Number(process.env.SESSION_SEED ?? 1);
const HISTORIES = process.env.SESSION_SEED === undefined ? 150 : 1;
const STEPS = 60;
const WINDOW = 5;
const TOPICS = 3;
const FILTERS = ["in/#", "more/+"];

const QUIET: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing };

/** One session, its broker, and a network that breaks. */
class World {
  readonly clock: SimulatedClock = simulatedClock();
  readonly random: () => number;
  readonly broker: SimulatedBroker;
  readonly checked: CheckedWire;
  readonly received: { readonly message: ReceivedMessage; readonly acknowledge: () => void }[] = [];
  /** Payloads that the session's owner said to be safe. */
  readonly safe = new Set<string>();
  readonly told: string[] = [];
  readonly session: Session;

  constructor(seed: number, options: Partial<SessionOptions> = {}) {
    this.random = generator(seed);
    this.broker = simulatedBroker({ clock: this.clock, random: this.random });
    this.checked = checkedWire(this.broker.wire, { filters: FILTERS, window: WINDOW });
    this.session = createSession(this.options(options), {
      clock: this.clock,
      random: this.random,
      log: QUIET,
      wire: this.checked.wire,
    });
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** What was received and is not safe becomes so, in any order. */
  handleSome(): void {
    for (let count = this.below(this.received.length + 1); count > 0; count -= 1) this.handleOne();
  }

  handleOne(): void {
    const [next] = this.received.splice(this.below(this.received.length), 1);
    if (next === undefined) return;
    this.safe.add(textOf(next.message));
    next.acknowledge();
  }

  /** Loss of the network, of the broker, of its sessions. */
  async misfortune(): Promise<void> {
    switch (this.below(8)) {
      case 0:
        return this.broker.cut();
      case 1:
        this.broker.stop();
        await this.clock.advance(this.below(5_000));
        return this.broker.start();
      case 2:
        return this.broker.forget();
      default:
        return;
    }
  }

  /** Good weather until everything has settled. */
  async settle(): Promise<void> {
    this.broker.start();
    for (let round = 0; round < 200; round += 1) {
      await this.clock.advance(200);
      while (this.received.length > 0) this.handleOne();
    }
  }

  private options(options: Partial<SessionOptions>): SessionOptions {
    return {
      endpoint: { host: "sim", port: 1883 },
      clientId: "session",
      clean: false,
      keepAlive: 60,
      subscriptions: FILTERS.map((filter) => ({ filter, qos: 1 })),
      reconnect: { initial: 100, maximum: 2_000, resetWindow: 1_000, connectTimeout: 1_000 },
      gate: { openOnResume: false, subackTimeout: 500, rounds: 3, onRejected: "continue" },
      outbox: { inflight: WINDOW, messages: 40, bytes: 100_000 },
      isDroppable: ({ topic }) => topic.startsWith("light"),
      receiveLimit: 1_000,
      birth: () => [messageOn("birth", "up")],
      onMessage: (message, acknowledge) => this.received.push({ message, acknowledge }),
      onEvent: (event) => this.told.push(event.kind),
      ...options,
    };
  }
}

describe("over a network that breaks", () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed += 1) {
    test(`history ${seed}: what must be kept arrives, in order of its topic, and no rule of MQTT is broken`, async () => {
      const world = new World(seed);
      const outcomes = new Map<string, PublishOutcome>();
      world.session.open();
      for (let step = 0; step < STEPS; step += 1) {
        for (let count = world.below(4); count > 0; count -= 1) {
          const id = `${step}.${count}`;
          const message = { ...messageOn(`kept/${world.below(TOPICS)}`, id), qos: 1 } as const;
          void world.session.publish(message).then((outcome) => outcomes.set(id, outcome));
          void world.session.publish({ ...message, topic: "light", qos: world.below(2) as 0 | 1 });
        }
        expect(world.session.stats.waiting).toBeLessThanOrEqual(40 + 1);
        await world.clock.advance(world.below(300));
        await world.misfortune();
      }
      await world.settle();

      expect(world.checked.faults).toEqual([]);
      const arrived = new Set(world.broker.seen.filter(({ topic }) => topic !== "light").map(textOf));
      for (const [id, outcome] of outcomes) {
        expect([id, outcome]).toEqual([id, outcome === "refused" ? "refused" : "delivered"]);
        if (outcome === "delivered") expect(arrived.has(id)).toBe(true);
      }
      for (let topic = 0; topic < TOPICS; topic += 1) {
        const first = firsts(world.broker.seen.filter((message) => message.topic === `kept/${topic}`));
        expect(first).toEqual([...first].sort(byId));
      }
      expect(world.session.stats).toMatchObject({ connected: true, waiting: 0, inflight: 0 });
    });

    test(`history ${seed}: what is received is acknowledged once it is safe, in order, and delivered again until then`, async () => {
      const world = new World(seed + 100_000);
      const published: string[] = [];
      world.session.open();
      await world.clock.advance(1_000);
      for (let step = 0; step < STEPS; step += 1) {
        for (let count = world.below(6); count > 0; count -= 1) {
          const id = `${step}.${count}`;
          published.push(id);
          world.broker.publish({ ...messageOn("in/x", id), qos: 1 });
        }
        await world.clock.advance(world.below(200));
        world.handleSome();
        if (world.below(8) === 0) world.broker.cut();
      }
      await world.settle();

      expect(world.checked.faults).toEqual([]);
      expect(published.filter((id) => !world.safe.has(id))).toEqual([]);
      expect(world.checked.connections).toBeGreaterThan(1);
    });
  }
});

describe("a session", () => {
  test("begins each connection with its birth messages, once its subscriptions stand", async () => {
    const world = new World(1, { birth: ({ first }) => [messageOn("birth", first ? "first" : "again")] });
    void world.session.publish(messageOn("kept/1", "early"));
    world.session.open();
    await world.clock.advance(1_000);
    expect(world.broker.seen.map(textOf)).toEqual(["first", "early"]);
    world.broker.cut();
    await world.clock.advance(5_000);
    expect(world.broker.seen.map(textOf)).toEqual(["first", "early", "again"]);
    expect(world.told).toEqual(["connected", "ready", "disconnected", "connected", "ready"]);
  });

  test("closes with what waits and the farewell, then DISCONNECT", async () => {
    const world = new World(2, { farewell: () => [messageOn("birth", "down")] });
    world.session.open();
    await world.clock.advance(1_000);
    for (let count = 0; count < 20; count += 1) void world.session.publish(messageOn("kept/0", `${count}`));
    const closed = world.session.close(5_000);
    await world.clock.advance(5_000);
    await closed;
    expect(world.broker.seen.map(textOf).slice(-2)).toEqual(["19", "down"]);
    expect(await world.session.publish(messageOn("kept/0", "late"))).toBe("closed");
    expect(world.clock.pending).toBe(0);
  });

  test("whose broker is away closes at once, and says of what waits that it was not published", async () => {
    const world = new World(3);
    world.broker.stop();
    world.session.open();
    const waiting = world.session.publish(messageOn("kept/0", "x"));
    await world.clock.advance(2_000);
    await world.session.close(60_000);
    expect(await waiting).toBe("closed");
  });

  test("gives up closing gracefully when its time is over", async () => {
    const world = new World(4);
    world.session.open();
    await world.clock.advance(1_000);
    for (let count = 0; count < 40; count += 1) void world.session.publish(messageOn("kept/0", `${count}`));
    const closed = world.session.close(10);
    await world.clock.advance(5_000);
    await closed;
    expect(world.told.at(-1)).toBe("stopped");
  });
});

function messageOn(topic: string, text: string): Message {
  return { topic, payload: new TextEncoder().encode(text), qos: 1, retain: false };
}

function textOf({ payload }: Message): string {
  return new TextDecoder().decode(payload);
}

/** The ids of messages at their first arrival. */
function firsts(messages: readonly Message[]): string[] {
  return [...new Set(messages.map(textOf))];
}

/** `step.count`: steps ascend, the counts of a step descend. */
function byId(left: string, right: string): number {
  const [leftStep = 0, leftCount = 0] = left.split(".").map(Number);
  const [rightStep = 0, rightCount = 0] = right.split(".").map(Number);
  return leftStep - rightStep || rightCount - leftCount;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function nothing(): void {}
