import { type Device, makeDevice } from "../system/world/device.ts";
import { type Mosquitto, startMosquitto } from "../system/world/mosquitto.ts";
import { type RunningTebus, startTebus } from "../system/world/run-tebus.ts";
import { waitUntil } from "../system/world/wait-until.ts";
import { memoryOf } from "./memory.ts";
import { type Figure, median, sample } from "./statistics.ts";
import {
  CHILDREN,
  childId,
  FRAGMENTS,
  fragmentOf,
  type PlantWatch,
  publishPlant,
  ROOT,
  watchPlant,
} from "./twin-plant.ts";

/** Milliseconds that a process is left alone before its memory is looked at. */
const SETTLE = 10_000;
const LISTINGS = 15;
/** Milliseconds between two requests that a removal must not hold up. */
const PROBE_INTERVAL = 10;

/**
 * The agent alone, beside a mosquitto with the limits that it has by default, with 10,000 child devices and no, then five retained twin
 * fragments each.
 */
export async function benchTwin(runs: number): Promise<Figure[]> {
  const empty = await sample(runs, memoryOfEmptyTwin);
  const bare = await sample(runs, () =>
    withPlant(0, async (world) => (await settledMemory(world.agent)) - median(empty)),
  );
  const all: Awaited<ReturnType<typeof measureAll>>[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await withPlant(FRAGMENTS.length, measureAll));
  const of = (name: string, unit: string, pick: (one: (typeof all)[number]) => number): Figure => {
    return { name: `twin of 10,000: ${name}`, unit, samples: all.map(pick) };
  };
  const perEntity = (megabytes: number) => (megabytes * 1024 * 1024) / CHILDREN;
  return [
    of("first start to ready", "ms", (one) => one.firstStart),
    of("restart to ready", "ms", (one) => one.restart),
    of("private memory, 5 fragments each", "B/entity", (one) => perEntity(one.memory - median(empty))),
    { name: "twin of 10,000: private memory, no fragments", unit: "B/entity", samples: bare.map(perEntity) },
    of("GET /te/v1/entities", "ms", (one) => one.listing),
    of("broker lost all: reconnect to all back", "ms", (one) => one.repair),
    of("DELETE of their root: answered", "ms", (one) => one.removal.answered),
    of("DELETE of their root: all cleared on the broker", "ms", (one) => one.removal.cleared),
    of("slowest other request meanwhile", "ms", (one) => one.removal.slowest),
  ];
}

interface World {
  readonly broker: Mosquitto;
  readonly device: Device;
  readonly agent: RunningTebus;
  readonly url: string;
  /** Milliseconds from start to ready, without and with an entity store of an earlier run. */
  readonly firstStart: number;
  readonly restart: number;
}

async function memoryOfEmptyTwin(): Promise<number> {
  await using broker = await startMosquitto({ config: ["log_type none"] });
  await using device = await makeDevice({ mqttPort: broker.port });
  await using agent = await startTebus(["run", "tedge-agent"], { configDir: device.configDir });
  await waitUntil("the agent answers", () => fetch(urlOf(device)).then((answer) => answer.ok));
  const memory = await settledMemory(agent);
  await agent.stop();
  return memory;
}

/** A started and once restarted agent that knows the whole plant. */
async function withPlant<T>(fragments: number, use: (world: World) => Promise<T>): Promise<T> {
  await using broker = await startMosquitto({ config: ["log_type none"] });
  await using device = await makeDevice({ mqttPort: broker.port });
  await publishPlant(broker.port, fragments);
  const first = await startFilled(broker, device, fragments);
  await first.agent.stop();
  const second = await startFilled(broker, device, fragments);
  await using agent = second.agent;
  const url = urlOf(device);
  await checkWhole(url, fragments);
  const result = await use({ broker, device, agent, url, firstStart: first.took, restart: second.took });
  await agent.stop();
  return result;
}

function urlOf({ httpPort }: Device): string {
  return `http://127.0.0.1:${httpPort}/te/v1/entities`;
}

/** Starts the agent, and waits until it is up and knows what the broker sent last. */
async function startFilled(broker: Mosquitto, device: Device, fragments: number) {
  const last = await lastRetained(broker.port, fragments);
  const url = urlOf(device);
  const begin = performance.now();
  const agent = await startTebus(["run", "tedge-agent"], { configDir: device.configDir });
  await waitUntil("the agent knows the plant", () => fetch(`${url}/${last}`).then((answer) => answer.ok), {
    timeout: 120_000,
    interval: 5,
  });
  await agent.waitForLog("Ready as");
  return { agent, took: performance.now() - begin };
}

/** Where on the API stands what the broker sends last to a new subscription. */
async function lastRetained(port: number, fragments: number): Promise<string> {
  await using watch = await watchPlant(port);
  await watch.waitForCount(1 + CHILDREN * (1 + fragments), 30_000);
  return watch.lastTopic.slice("te/".length);
}

/** Throws unless every entity and every fragment is there. */
async function checkWhole(url: string, fragments: number): Promise<void> {
  const listed = (await (await fetch(`${url}?root=${ROOT}`)).json()) as unknown[];
  if (listed.length !== CHILDREN + 1) throw new Error(`${listed.length} entities are listed below the root`);
  for (let n = 0; n < CHILDREN; n += 1) {
    const twin = await (await fetch(`${url}/${childId(n)}/twin`)).json();
    const expected = FRAGMENTS.slice(0, fragments).map((key) => [key, JSON.parse(fragmentOf(key, n))]);
    if (!Bun.deepEquals(twin, Object.fromEntries(expected))) {
      throw new Error(`The twin of ${childId(n)} is ${JSON.stringify(twin)}`);
    }
  }
}

/** Megabytes. */
async function settledMemory(agent: RunningTebus): Promise<number> {
  await Bun.sleep(SETTLE);
  return (await memoryOf(agent)).anonymous;
}

async function measureAll(world: World) {
  const { agent, broker, url, firstStart, restart } = world;
  const memory = await settledMemory(agent);
  const listing = median(await sample(LISTINGS, () => timeListing(url)));
  const repair = await timeRepair(world);
  const removal = await timeRemoval(broker.port, url);
  return { firstStart, restart, memory, listing, repair, removal };
}

async function timeListing(url: string): Promise<number> {
  const begin = performance.now();
  await (await fetch(url)).arrayBuffer();
  return performance.now() - begin;
}

/** The broker is killed and comes back with nothing; from the first word of the agent until all that it knows is retained again. */
async function timeRepair({ broker }: World): Promise<number> {
  await broker.kill();
  await broker.start();
  await using watch = await watchPlant(broker.port);
  await waitUntil("the agent is back", () => watch.agentUpAt, { interval: 1, timeout: 30_000 });
  const begin = watch.agentUpAt ?? Number.NaN;
  await watch.waitForCount(1 + CHILDREN * (1 + FRAGMENTS.length), 60_000);
  return performance.now() - begin;
}

async function timeRemoval(port: number, url: string) {
  await using watch: PlantWatch = await watchPlant(port);
  await watch.waitForCount(1 + CHILDREN * (1 + FRAGMENTS.length), 30_000);
  let isDone = false;
  const probing = probe(url, () => isDone);
  const begin = performance.now();
  const answer = await fetch(`${url}/${ROOT}`, { method: "DELETE" });
  if (!answer.ok) throw new Error(`The removal was answered with ${answer.status}`);
  await answer.arrayBuffer();
  const answered = performance.now() - begin;
  await watch.waitForCount(0, 120_000);
  const cleared = performance.now() - begin;
  isDone = true;
  return { answered, cleared, slowest: await probing };
}

/** The slowest answer to small requests that come one after the other. */
async function probe(url: string, isDone: () => boolean): Promise<number> {
  let slowest = 0;
  while (!isDone()) {
    slowest = Math.max(slowest, await timeListing(`${url}/device/main//`));
    await Bun.sleep(PROBE_INTERVAL);
  }
  return slowest;
}
