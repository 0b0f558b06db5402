import { describe, expect, test } from "bun:test";
import type { Log } from "../../src/base/log.ts";
import type { Unit } from "../../src/base/unit.ts";
import { createBridge } from "../../src/bridge/create-bridge.ts";
import type { BridgeRule } from "../../src/bridge/rule.ts";
import type { Message } from "../../src/bus/message.ts";
import type { Wire } from "../../src/bus/wire.ts";
import { type SimulatedBroker, simulatedBroker } from "./simulated-broker.ts";
import { simulatedClock } from "./simulated-clock.ts";

/** Seeds of the histories; a failing one is named in the error and can be run alone. */
const HISTORIES = 1_500;
const FIRST_SEED = Number(process.env.BRIDGE_SEED ?? 1);
const STEPS = 40;

const RULES: readonly BridgeRule[] = [
  { localPrefix: "l/", remotePrefix: "r/", topic: "#", direction: "outbound" },
  { localPrefix: "in/", remotePrefix: "cmd/", topic: "#", direction: "inbound" },
  { localPrefix: "both/", remotePrefix: "shadow/", topic: "#", direction: "bidirectional" },
];
const ENDPOINTS = { local: { host: "local", port: 1883 }, remote: { host: "remote", port: 8883 } };
const QUIET: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing };

interface Weather {
  /** Whether the remote side has no session that outlives a connection, as at Cumulocity. */
  readonly clean: boolean;
  /** Whether the remote broker sometimes forgets everything. */
  readonly forgetful: boolean;
}

/** The whole world of one bridge: two brokers, a network between, and a process that may die. */
class World {
  readonly clock = simulatedClock();
  readonly random: () => number;
  readonly local: SimulatedBroker;
  readonly remote: SimulatedBroker;
  private readonly weather: Weather;
  private readonly capacity: number;
  private process: { unit: Unit; alive: boolean } | undefined;

  constructor(seed: number, weather: Weather) {
    this.random = generator(seed);
    this.weather = weather;
    this.capacity = this.random() < 0.5 ? 5 : 1_000;
    this.local = simulatedBroker({ clock: this.clock, random: this.random });
    this.remote = simulatedBroker({ clock: this.clock, random: this.random });
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  launch(): void {
    const process = { alive: true };
    const wire: Wire = {
      connect: (options, events) => {
        const broker = options.endpoint.host === "local" ? this.local : this.remote;
        return broker.wire.connect(options, {
          connected: (present) => process.alive && events.connected(present),
          subscribed: (id, codes) => process.alive && events.subscribed(id, codes),
          received: (message, id) => process.alive && events.received(message, id),
          acknowledged: (id) => process.alive && events.acknowledged(id),
          drained: () => process.alive && events.drained(),
          closed: (fault) => process.alive && events.closed(fault),
        });
      },
    };
    const after = (milliseconds: number, fire: () => void) =>
      this.clock.after(milliseconds, () => process.alive && fire());
    const { clock, random } = this;
    const unit = createBridge(
      {
        name: "bridge",
        local: { endpoint: ENDPOINTS.local, clientId: "bridge", clean: false, keepAlive: 60, connectTimeout: 5_000 },
        remote: {
          endpoint: ENDPOINTS.remote,
          clientId: "device",
          clean: this.weather.clean,
          keepAlive: 60,
          connectTimeout: 60_000,
        },
        rules: RULES,
        healthTopic: "health",
        errorsTopic: "errors",
        maxPacket: 1_000,
        reconnect: { initial: 200, maximum: 2_000, resetWindow: 5_000 },
        capacity: { messages: this.capacity, bytes: 10_000 },
      },
      { clock: { ...clock, after }, random, wire, log: QUIET },
    );
    this.process = Object.assign(process, { unit });
    unit.start(new AbortController().signal).catch(nothing);
  }

  /** Like kill -9. */
  crash(): void {
    if (this.process !== undefined) this.process.alive = false;
    this.local.cut();
    this.remote.cut();
  }

  async restart(): Promise<void> {
    const former = this.process?.unit;
    let isStopped = false;
    former?.stop().then(() => {
      isStopped = true;
    }, nothing);
    for (let waited = 0; !isStopped && waited < 300; waited += 1) await this.clock.advance(100);
    expect(isStopped).toBe(true);
    this.launch();
  }
}

async function misfortune(world: World, { forgetful }: Weather): Promise<void> {
  const broker = world.below(2) === 0 ? world.local : world.remote;
  switch (world.below(7)) {
    case 0:
    case 1:
      return broker.cut();
    case 2:
      return broker.stop();
    case 3:
    case 4:
      return broker.start();
    case 5:
      if (forgetful) return world.remote.forget();
      world.crash();
      return world.launch();
    default:
      return await world.restart();
  }
}

/** What others published, by topic where it has to arrive. */
type Promised = Map<string, string[]>;

function somebodyPublishes(
  world: World,
  promised: { readonly local: Promised; readonly remote: Promised },
  text: string,
): void {
  const number = world.below(2);
  const [broker, topic, at, target] = (
    [
      [world.local, `l/${number}`, promised.remote, `r/${number}`],
      [world.remote, `cmd/${number}`, promised.local, `in/${number}`],
      [world.local, `both/${number}`, promised.remote, `shadow/${number}`],
      [world.remote, `shadow/${number}`, promised.local, `both/${number}`],
    ] as const
  )[world.below(4)] ?? [world.local, "l/0", promised.remote, "r/0"];
  const qos = world.random() < 0.2 ? 0 : 1;
  broker.publish({ topic, payload: Buffer.from(text), qos, retain: world.random() < 0.1 });
  if (qos === 1) at.set(target, [...(at.get(target) ?? []), text]);
}

async function live(
  seed: number,
  weather: Weather,
): Promise<World & { readonly promised: { local: Promised; remote: Promised } }> {
  const world = new World(seed, weather);
  const promised = { local: new Map<string, string[]>(), remote: new Map<string, string[]>() };
  world.launch();
  // A subscription that does not stand yet has no promise.
  await world.clock.advance(5_000);
  for (let step = 0; step < STEPS; step += 1) {
    if (world.random() < 0.25) await misfortune(world, weather);
    else for (let some = world.below(8); some >= 0; some -= 1) somebodyPublishes(world, promised, `${step}.${some}`);
    await world.clock.advance(world.random() < 0.7 ? world.random() * 30 : world.random() * 3_000);
  }
  world.local.start();
  world.remote.start();
  await world.clock.advance(120_000);
  return Object.assign(world, { promised });
}

/** Each text when it was first seen on a topic. */
function firstSeen(broker: SimulatedBroker, topic: string): string[] {
  const texts = broker.seen
    .filter((message) => message.topic === topic)
    .map(({ payload }) => Buffer.from(payload).toString());
  return [...new Set(texts)];
}

function checkArrival(promised: Promised, broker: SimulatedBroker): void {
  for (const [topic, texts] of promised) {
    const arrived = firstSeen(broker, topic);
    expect(arrived.filter((text) => texts.includes(text))).toEqual(texts);
  }
}

function isForwarded({ topic }: Message): boolean {
  return topic !== "health" && topic !== "errors";
}

describe("a bridge, whatever breaks", () => {
  test.each<[string, Weather, boolean]>([
    ["brings every QoS 1 message to the other side, in order per topic", { clean: false, forgetful: false }, true],
    ["brings them to a remote broker without a session of ours", { clean: true, forgetful: false }, false],
    ["brings them to a remote broker that forgets", { clean: false, forgetful: true }, false],
  ])(
    "%s",
    async (_rule, weather, bothWays) => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES / 3; seed += 1) {
        const world = await live(seed, weather);
        try {
          checkArrival(world.promised.remote, world.remote);
          if (bothWays) checkArrival(world.promised.local, world.local);
          // Nothing goes round: after all is calm there is silence.
          const count = world.local.seen.length + world.remote.seen.length;
          await world.clock.advance(300_000);
          expect(world.local.seen.length + world.remote.seen.length).toBe(count);
        } catch (thrown) {
          throw new Error(`History with seed ${seed} of ${JSON.stringify(weather)}`, { cause: thrown });
        }
      }
    },
    60_000,
  );
});

describe("a bridge whose process and brokers stay alive", () => {
  test("forwards each message once, however often the connection to its source breaks", async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const world = new World(seed, { clean: false, forgetful: false });
      world.launch();
      await world.clock.advance(5_000);
      world.remote.stop();
      for (let step = 0; step < 10; step += 1) {
        for (let some = 0; some < 5; some += 1) {
          world.local.publish({ topic: "l/a", payload: Buffer.from(`${step}.${some}`), qos: 1, retain: false });
        }
        await world.clock.advance(world.random() * 20);
        world.local.cut();
        await world.clock.advance(world.random() * 2_000);
      }
      world.remote.start();
      await world.clock.advance(60_000);
      expect(world.remote.seen.filter(isForwarded)).toHaveLength(50);
    }
  });
});

function nothing(): void {}

/** Mulberry32: small, and the same numbers for the same seed everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
