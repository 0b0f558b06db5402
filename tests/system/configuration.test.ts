import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { type BusProbe, connectProbe } from "./world/bus-probe.ts";
import { curl } from "./world/curl.ts";
import type { Device } from "./world/device.ts";
import { executable } from "./world/executable.ts";
import { runCommand } from "./world/run-command.ts";
import { type RunningTebus, runTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

let work: AgentAtWork;
let world: AsyncDisposableStack;
let plugins: string;
let root: string;
let probe: BusProbe;

/** Where the sources are newer than the executable, that takes longer than a test may. */
beforeAll(() => executable(), 120_000);

beforeEach(async () => {
  world = new AsyncDisposableStack();
  work = world.use(await startAgentAtWork({ prepare: layOut }));
  probe = world.use(await connectProbe(work.broker.port, ["te/device/main///cmd/+/#"]));
});
afterEach(() => world.disposeAsync());

/** Below `plugins` is the plugin `file` as the package has it. */
async function layOut(device: Device): Promise<void> {
  root = device.root;
  plugins = join(root, "config-plugins");
  mkdirSync(plugins);
  addPlugin("file", `exec '${await executable()}' run tedge-file-config-plugin "$@"`);
  appendFileSync(join(device.configDir, "tedge.toml"), `configuration.plugin_paths = "${plugins}"\n`);
}

function addPlugin(name: string, script: string): void {
  writeFileSync(join(plugins, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(plugins, name), 0o755);
}

/** Replaces the list of files; `@` is the directory of the test. */
function list(...entries: readonly string[]): void {
  const text = entries.map((entry) => `[[files]]\n${entry.replaceAll("@", root)}\n`).join("\n");
  writeFileSync(join(work.device.configDir, "plugins/tedge-configuration-plugin.toml"), text);
}

const at = (path: string) => join(root, path);
const tmpFiles = () => readdirSync(at("tmp"));
const types = (operation: string, expected: readonly string[]) =>
  waitUntil(`the types of ${operation} are ${expected}`, () => {
    const last = probe.messages.findLast(({ topic }) => topic === `te/device/main///cmd/${operation}`);
    return last?.payload === JSON.stringify({ types: expected });
  });

/** Puts bytes on the file transfer service and gives their address. */
async function offer(content: Uint8Array): Promise<string> {
  writeFileSync(at("offered"), content);
  const url = `${work.url}/te/v1/files/offered`;
  await curl("--upload-file", at("offered"), url);
  return url;
}

async function startAgain(): Promise<RunningTebus> {
  return world.use(await startTebus(["run", "tedge-agent"], { configDir: work.device.configDir }));
}

const BINARY = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);

test("a new device has workflows and a list of files, and publishes the types", async () => {
  const types_ = ["tedge-configuration-plugin", "tedge-log-plugin", "tedge.toml"];
  await types("config_snapshot", types_);
  await types("config_update", types_);
  const operations = readdirSync(join(work.device.configDir, "operations")).filter((name) => name.includes("config"));
  expect(operations.sort()).toEqual([
    "config_snapshot.toml",
    "config_snapshot.toml.template",
    "config_update.toml",
    "config_update.toml.template",
  ]);
  list('path = "@/app"\ntype = "app"', 'path = "@/other"');
  await types("config_update", [at("other"), "app", "tedge-configuration-plugin"].sort());
});

test("a snapshot of a binary file ends on the file transfer service, byte for byte, and nothing stays in tmp", async () => {
  writeFileSync(at("app"), BINARY);
  list('path = "@/app"\ntype = "net/app"');
  const done = await runCommand(work, "config_snapshot", { type: "net/app" });
  expect(done).toMatchObject({ status: "successful", type: "net/app" });
  expect(done.tedgeUrl).toStartWith(`${work.url}/te/v1/files/main/config_snapshot/net:app-`);
  const answer = await fetch(String(done.tedgeUrl));
  expect(Buffer.from(await answer.arrayBuffer()).equals(BINARY)).toBe(true);
  await waitUntil("tmp is empty", () => tmpFiles().length === 0);
});

test("a snapshot of a type that is not listed fails with the reason of the plugin", async () => {
  const done = await runCommand(work, "config_snapshot", { type: "other" });
  expect(done).toMatchObject({
    status: "failed",
    reason:
      "builtin 'builtin:config_snapshot:get' action failed with: config_operation step 'get' failed: Config plugin 'file' error: " +
      "Command execution failed: The requested config_type other is not defined in the plugin configuration file.",
  });
  expect(await runCommand(work, "config_snapshot", {})).toMatchObject({
    status: "failed",
    reason: expect.stringContaining("Missing key: type in payload"),
  });
});

test("an update replaces a file byte for byte, keeps its mode, and leaves nothing in tmp", async () => {
  writeFileSync(at("app"), "old");
  chmodSync(at("app"), 0o640);
  list('path = "@/app"\ntype = "app"\nmode = 0o600');
  const remoteUrl = await offer(BINARY);
  const done = await runCommand(work, "config_update", { type: "app", remoteUrl, serverUrl: remoteUrl });
  expect(done).toMatchObject({ status: "successful" });
  expect(readFileSync(at("app")).equals(BINARY)).toBe(true);
  expect(statSync(at("app")).mode & 0o777).toBe(0o640);
  await waitUntil("tmp is empty", () => tmpFiles().length === 0);
});

test("an update of what cannot be downloaded fails and changes nothing", async () => {
  writeFileSync(at("app"), "old");
  list('path = "@/app"\ntype = "app"');
  const done = await runCommand(work, "config_update", {
    type: "app",
    remoteUrl: `${work.url}/te/v1/files/none`,
    serverUrl: "",
  });
  expect(done).toMatchObject({
    status: "failed",
    reason: expect.stringContaining("'download' action failed with: Download failed: "),
  });
  expect(readFileSync(at("app"), "utf8")).toBe("old");
});

/** Keeps the old content for a rollback, and finds nothing good. */
const DOUBTFUL = `
for last; do :; done
case $1 in
  list) echo app ;;
  get) cat ../app ;;
  prepare) cp ../app "$last/backup" ;;
  set) cp "$3" ../app ;;
  verify) echo 'it does not start' >&2; exit 1 ;;
  rollback) cp "$last/backup" ../app ;;
esac`;

test("an update that its plugin finds bad is rolled back, and fails with the reason of the check", async () => {
  writeFileSync(at("app"), "old");
  addPlugin("doubtful", DOUBTFUL);
  const remoteUrl = await offer(BINARY);
  const done = await runCommand(work, "config_update", { type: "app::doubtful", remoteUrl, serverUrl: "" });
  expect(done).toMatchObject({
    status: "failed",
    reason: expect.stringMatching(/step 'verify' failed: .*it does not start$/),
  });
  expect(readFileSync(at("app"), "utf8")).toBe("old");
  await waitUntil("tmp is empty", () => tmpFiles().length === 0);
});

test("an update during which the agent is killed is taken up by the next one", async () => {
  writeFileSync(at("app"), "old");
  addPlugin(
    "slow",
    `[ $1 = list ] && { echo app; exit; }\n[ $1 = set ] && { touch ../begun; while ! [ -e ../go ] && [ -e ../app ]; do sleep 0.05; done; cp "$3" ../app; }; true`,
  );
  const remoteUrl = await offer(BINARY);
  const topic = "te/device/main///cmd/config_update/killed";
  await probe.publish(topic, JSON.stringify({ status: "init", type: "app::slow", remoteUrl, serverUrl: "" }), {
    retain: true,
  });
  await waitUntil("the plugin sets", () => existsSync(at("begun")));
  await work.agent.kill();
  await startAgain();
  writeFileSync(at("go"), "");
  const end = await probe.waitFor(
    "the update ends",
    (one) => one.topic === topic && /"(successful|failed)"/.test(one.payload),
  );
  expect(JSON.parse(end.payload)).toMatchObject({ status: "successful", resumed_at: expect.any(String) });
  expect(readFileSync(at("app")).equals(BINARY)).toBe(true);
  await waitUntil("tmp is empty", () => tmpFiles().length === 0);
});

test("an update of what the agent itself uses lets its supervisor start it again, and is verified by that one", async () => {
  list('path = "@/app"\ntype = "app"\nservice = "tedge-agent"');
  const remoteUrl = await offer(BINARY);
  const topic = "te/device/main///cmd/config_update/restarting";
  await probe.publish(topic, JSON.stringify({ status: "init", type: "app", remoteUrl, serverUrl: "" }), {
    retain: true,
  });
  expect(await work.agent.exited).not.toBe(0);
  expect(readFileSync(at("app")).equals(BINARY)).toBe(true);
  await startAgain();
  const end = await probe.waitFor(
    "the update ends",
    (one) => one.topic === topic && /"(successful|failed)"/.test(one.payload),
  );
  expect(JSON.parse(end.payload)).toMatchObject({ status: "successful", restartAgent: true });
  const states = probe.messages.flatMap((one) => (one.topic === topic ? [JSON.parse(one.payload).status] : []));
  expect(states).toEqual(expect.arrayContaining(["restart-agent", "await-agent-restart", "verify", "successful"]));
});

test("an operation that is switched off withdraws its types and leaves requests alone; the other goes on", async () => {
  await types("config_snapshot", ["tedge-configuration-plugin", "tedge-log-plugin", "tedge.toml"]);
  expect(await work.agent.stop()).toBe(0);
  const { configDir } = work.device;
  expect(await runTebus(["config", "set", "agent.enable.config_snapshot", "false"], { configDir })).toMatchObject({
    code: 0,
  });
  await startAgain();
  const capability = "te/device/main///cmd/config_snapshot";
  await probe.waitFor("the types are withdrawn", ({ topic, payload }) => topic === capability && payload === "");
  await probe.publish(`${capability}/1`, '{"status":"init","type":"tedge.toml"}', { retain: true });
  list('path = "@/app"\ntype = "app"');
  const remoteUrl = await offer(BINARY);
  expect(await runCommand(work, "config_update", { type: "app", remoteUrl, serverUrl: "" })).toMatchObject({
    status: "successful",
  });
  expect(probe.messages.filter(({ topic }) => topic === `${capability}/1`)).toHaveLength(1);
});

/** Peak of the resident memory so far, in MiB. */
function peakMemory(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

test("50 MB go through a snapshot and an update in bounded memory", async () => {
  const large = new Uint8Array(50_000_000).fill(97);
  writeFileSync(at("app"), large);
  list('path = "@/app"\ntype = "app"', 'path = "@/copy"\ntype = "copy"');
  await runCommand(work, "config_snapshot", { type: "tedge-configuration-plugin" });
  const before = peakMemory(work.agent.pid);
  const done = await runCommand(work, "config_snapshot", { type: "app" }, 60_000);
  expect(done).toMatchObject({ status: "successful" });
  const again = await runCommand(
    work,
    "config_update",
    { type: "copy", remoteUrl: done.tedgeUrl, serverUrl: "" },
    60_000,
  );
  expect(again).toMatchObject({ status: "successful" });
  expect(readFileSync(at("copy")).equals(large)).toBe(true);
  expect(peakMemory(work.agent.pid) - before).toBeLessThan(40);
}, 120_000);
