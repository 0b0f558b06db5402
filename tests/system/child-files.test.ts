import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { type BusProbe, connectProbe } from "./world/bus-probe.ts";
import { curl } from "./world/curl.ts";
import { makeDevice } from "./world/device.ts";
import { executable } from "./world/executable.ts";
import { startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const CONTENT = randomBytes(1024 * 1024);
const DIGEST = createHash("sha256").update(CONTENT).digest("hex");

let world: AsyncDisposableStack;
let work: AgentAtWork;
let probe: BusProbe;
let requests: string[];
let held: PromiseWithResolvers<void> | undefined;
let source: string;

/** Where the sources are newer than the executable, that takes longer than a test may. */
beforeAll(() => executable(), 120_000);

beforeEach(async () => {
  world = new AsyncDisposableStack();
  requests = [];
  held = undefined;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch({ url }) {
      const { pathname } = new URL(url);
      requests.push(pathname);
      await held?.promise;
      return pathname === "/fw.bin" ? new Response(CONTENT) : new Response("no such file", { status: 404 });
    },
  });
  world.defer(() => server.stop(true));
  source = `http://127.0.0.1:${server.port}`;
  work = world.use(await startAgentAtWork({ config: ['agent.child_files.fetch = "always"'] }));
  probe = world.use(await connectProbe(work.broker.port, ["te/+/+/+/+/cmd/+/+"]));
});

afterEach(() => world.disposeAsync());

const topicOf = (child: string) => `te/device/${child}///cmd/firmware_update/f1`;
const stored = (child: string) => join(work.device.dataDir, "file-transfer", child, "firmware_update/fw-f1");
const cached = () => readdirSync(join(work.device.dataDir, "cache")).filter((name) => /^[0-9a-f]{64}$/.test(name));
const records = () => readdirSync(join(work.device.root, "state/child-files"));

function ask(child: string, more: object = {}): Promise<void> {
  const request = { status: "prepare", name: "fw", version: "1", remoteUrl: `${source}/fw.bin`, ...more };
  return probe.publish(topicOf(child), JSON.stringify(request), { retain: true });
}

/** The first state that a child sees after the request, which is none for it. */
async function answered(child: string): Promise<Record<string, unknown>> {
  const seen = await probe.waitFor(`${child} is told`, ({ topic, payload }) => {
    return topic === topicOf(child) && payload !== "" && !payload.includes('"status":"prepare"');
  });
  return JSON.parse(seen.payload);
}

test("Fifty children get a file that was fetched once and lies on the disk once, and nothing is left afterwards", async () => {
  const children = Array.from({ length: 50 }, (_, index) => `child${index}`);
  await Promise.all(children.map((child) => ask(child, { sha256: DIGEST })));
  for (const child of children) {
    const init = await answered(child);
    expect(init).toMatchObject({ status: "init", remoteUrl: `${source}/fw.bin` });
    expect(init.tedgeUrl).toBe(`${work.url}/te/v1/files/${child}/firmware_update/fw-f1`);
    const target = join(work.device.root, child);
    await curl("--output", target, String(init.tedgeUrl));
    expect(createHash("sha256").update(readFileSync(target)).digest("hex")).toBe(DIGEST);
  }
  expect([requests, cached().length]).toEqual([["/fw.bin"], 1]);
  expect(new Set(children.map((child) => statSync(stored(child)).ino)).size).toBe(1);
  for (const child of children) await probe.publish(topicOf(child), '{"status":"executing"}', { retain: true });
  for (const child of children) await probe.publish(topicOf(child), '{"status":"successful"}', { retain: true });
  await waitUntil("all files are gone", () => children.every((child) => !existsSync(stored(child))));
  await waitUntil("all records are gone", () => records().length === 0);
}, 60_000);

test("A command fails when its source does not give the file, or another one", async () => {
  await ask("child1", { remoteUrl: `${source}/none.bin` });
  expect(await answered("child1")).toMatchObject({
    status: "failed",
    reason: `builtin 'download' action failed with: Download failed: HTTP status client error (404 Not Found) for url (${source}/none.bin)`,
  });
  await ask("child2", { sha256: "0".repeat(64) });
  expect(await answered("child2")).toMatchObject({
    status: "failed",
    reason: expect.stringContaining(`The SHA-256 of what was downloaded is ${DIGEST}, not 000`),
  });
  await waitUntil("the records are gone", () => records().length === 0);
});

test("A child agent with a workflow of its own needs to know nothing of it", async () => {
  const workflow = [
    'operation = "firmware_update"',
    '[init]\naction = "proceed"\non_success = "executing"',
    '[executing]\naction = "download"\non_success = "install"',
    `[install]\nscript = "sh -c 'sha256sum \${.payload.downloadedPath} | grep -q ${DIGEST}'"\non_success = "successful"\non_error = "failed"`,
    '[successful]\naction = "cleanup"',
    '[failed]\naction = "cleanup"',
  ].join("\n");
  const device = world.use(
    await makeDevice({
      mqttPort: work.broker.port,
      config: ['mqtt.device_topic_id = "device/child1//"'],
      files: { "operations/firmware_update.toml": workflow },
    }),
  );
  world.use(await startTebus(["run", "tedge-agent"], { configDir: device.configDir }));
  const watch = world.use(await connectProbe(work.broker.port, ["te/device/child1///cmd/+"]));
  await watch.waitFor("the child can update", ({ topic }) => topic === "te/device/child1///cmd/firmware_update");
  await ask("child1");
  const end = await probe.waitFor("the end", ({ payload }) => /"status":"(?:successful|failed)"/.test(payload), 20_000);
  expect(JSON.parse(end.payload)).toMatchObject({ status: "successful", name: "fw" });
  await waitUntil("the file is gone", () => !existsSync(stored("child1")));
  expect(requests).toEqual(["/fw.bin"]);
}, 40_000);

test("An agent that is killed while it fetches, or once the child knows, goes on after its restart", async () => {
  held = Promise.withResolvers<void>();
  await ask("child1");
  await waitUntil("the source is asked", () => requests.length === 1);
  await work.agent.kill();
  held.resolve();
  const second = world.use(await startTebus(["run", "tedge-agent"], { configDir: work.device.configDir }));
  expect(await answered("child1")).toMatchObject({ status: "init" });
  await probe.publish(topicOf("child1"), '{"status":"executing"}', { retain: true });
  await second.kill();
  world.use(await startTebus(["run", "tedge-agent"], { configDir: work.device.configDir }));
  expect(
    await waitUntil("it is served again", () =>
      curl(`${work.url}/te/v1/files/child1/firmware_update/fw-f1`).catch(() => undefined),
    ),
  ).toBeDefined();
  await probe.publish(topicOf("child1"), "", { retain: true });
  await waitUntil("the file is gone", () => !existsSync(stored("child1")) && records().length === 0);
  const told = probe.messages.filter(({ payload }) => payload.includes('"status":"init"'));
  expect(told.length).toBe(1);
}, 40_000);
