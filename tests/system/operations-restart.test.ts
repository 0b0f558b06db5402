import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { type BusProbe, connectProbe } from "./world/bus-probe.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";
import { waitUntil } from "./world/wait-until.ts";

const TOPIC = "te/device/main///cmd/restart/1";

let world: AsyncDisposableStack;
let at: AgentAtWork;
let probe: BusProbe;
/** What system.toml has for restarting the machine. */
let reboot: string;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  reboot = join(world.use(await tempDir("reboot")).path, "reboot");
  await rebootBy("true");
  const system = `user = ""\ngroup = ""\n[system]\nreboot = ["${reboot}", "now"]\nreboot_timeout_seconds = 2\n`;
  at = world.use(await startAgentAtWork({ files: { "system.toml": system } }));
  probe = world.use(await connectProbe(at.broker.port, ["te/device/main///cmd/restart/#"]));
});

afterEach(() => world.disposeAsync());

async function rebootBy(script: string): Promise<void> {
  await writeFile(reboot, `#!/bin/sh\necho "$*" >> "${reboot}.calls"\n${script}\n`);
  await chmod(reboot, 0o755);
}

const calls = () => readFile(`${reboot}.calls`, "utf8").catch(() => "");
const request = () => probe.publish(TOPIC, '{"status":"init"}', { retain: true });

async function end(): Promise<unknown> {
  const isLast = ({ payload }: { readonly payload: string }) => /"status":"(successful|failed)"/.test(payload);
  return JSON.parse((await probe.waitFor("the restart ends", isLast, 20_000)).payload);
}

const startAgain = (): Promise<RunningTebus> =>
  startTebus(["run", "tedge-agent"], { configDir: at.device.configDir }).then((agent) => world.use(agent));

/** What a boot loses. */
const loseTmp = () => rm(join(at.device.root, "tmp/tedge_agent_restart"));

test("is offered as an operation", async () => {
  expect((await probe.waitFor("it is", ({ topic }) => topic.endsWith("/cmd/restart"))).payload).toBe("{}");
});

test("a machine that was booted restarted successfully", async () => {
  await request();
  await waitUntil("the command was run", async () => (await calls()) !== "");
  expect(await at.agent.stop()).toBe(0);
  await loseTmp();
  await startAgain();
  expect(await end()).toMatchObject({ status: "successful", resumed_at: expect.any(String) });
  const statuses = probe.messages
    .filter(({ topic }) => topic === TOPIC)
    .map(({ payload }) => JSON.parse(payload).status);
  expect([...new Set(statuses)]).toEqual(["init", "scheduled", "executing", "successful"]);
  await waitUntil("nothing is left", async () => (await at.device.read("state/restart-current-operation")) === "");
  expect(await readdir(join(at.device.root, "tmp"))).toEqual([]);
  expect(await calls()).toBe("now\n");
});

test("an agent that came back without a boot tells that the restart failed, and does not try again", async () => {
  await request();
  await waitUntil("the command was run", async () => (await calls()) !== "");
  await at.agent.kill();
  await startAgain();
  expect(await end()).toMatchObject({ status: "failed", reason: "Device failed to restart" });
  expect(await calls()).toBe("now\n");
});

test("a restart that nothing comes of fails", async () => {
  await request();
  expect(await end()).toMatchObject({ status: "failed", reason: "No shutdown has been triggered" });
});

test("a command that fails, and one that hangs, make the restart fail", async () => {
  await rebootBy("exit 1");
  await request();
  expect(await end()).toMatchObject({
    reason: `Fail to trigger a restart: Command returned non 0 exit code: "${reboot}" "now"`,
  });
  await rebootBy("sleep 60");
  await probe.publish(TOPIC.replace("/1", "/2"), '{"status":"init"}', { retain: true });
  const second = await probe.waitFor(
    "it ends",
    ({ topic, payload }) => topic.endsWith("/2") && payload.includes('"failed"'),
    20_000,
  );
  expect(JSON.parse(second.payload).reason).toBe("Restart command still running after 2 seconds");
});

test("an agent that is stopped while the machine restarts does so at once", async () => {
  await rebootBy('while [ -e "$0" ]; do sleep 0.1; done');
  await request();
  await waitUntil("the command was run", async () => (await calls()) !== "");
  const from = performance.now();
  expect(await at.agent.stop()).toBe(0);
  expect(performance.now() - from).toBeLessThan(5_000);
});
