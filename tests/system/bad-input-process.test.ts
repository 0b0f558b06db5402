import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { type AgentAtWork, expectAtWork, startAgentAtWork, strangeLines } from "./world/agent-at-work.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { startMosquitto } from "./world/mosquitto.ts";
import { mosquittoSub } from "./world/mosquitto-clients.ts";
import { publishBatch } from "./world/paho-batch.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const AGENT = ["run", "tedge-agent"];
const HEALTH = "te/device/main/service/tedge-agent/status/health";
const KILLED_BY_SIGTERM = 128 + 15;

/** Whether a process catches a signal by now. */
async function catches(pid: number, signal: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const caught = BigInt(`0x${/^SigCgt:\s*(\w+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((caught >> BigInt(signal - 1)) & 1n) === 1n;
}

async function expectDown(port: number): Promise<void> {
  await using health = await mosquittoSub({ port }, [HEALTH]);
  expect(JSON.parse((await health.next(HEALTH)).payload)).toMatchObject({ status: "down" });
}

describe("a signal", () => {
  test("during the start ends it in order, whenever it comes, and the next start finds nothing in its way", async () => {
    await using broker = await startMosquitto();
    await using device = await makeDevice({ mqttPort: broker.port });
    for (const milliseconds of [0, 10, 20, 30, 45, 60, 80, 100, 150, 250]) {
      await using agent = await startTebus(AGENT, device);
      await Bun.sleep(milliseconds);
      agent.signal("SIGTERM");
      // Before a program has begun, the kernel ends it.
      expect(await agent.exited).toBeOneOf([0, KILLED_BY_SIGTERM]);
      expect(strangeLines(agent.stderr())).toEqual([]);
    }
    await using agent = await startTebus(AGENT, device);
    await agent.waitForLog("supervisor: up");
    await expectAtWork({ broker, agent, url: `http://127.0.0.1:${device.httpPort}` });
    expect(await agent.stop()).toBe(0);
    await expectDown(broker.port);
  });

  test.each([
    ["SIGHUP", 1],
    ["SIGUSR1", 10],
  ] as const)("that is no reason to end is none during the start either: %s", async (signal, number) => {
    await using broker = await startMosquitto();
    await using device = await makeDevice({ mqttPort: broker.port });
    await using agent = await startTebus(AGENT, device);
    // Before a program has begun, the kernel ends it.
    await waitUntil("it has begun", () => catches(agent.pid, number), { interval: 0 });
    agent.signal(signal);
    await agent.waitForLog("supervisor: up");
    agent.signal(signal);
    await expectAtWork({ broker, agent, url: `http://127.0.0.1:${device.httpPort}` });
    expect(await agent.stop()).toBe(0);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("to end that comes twice ends it at once: %s", async (second) => {
    await using world = await startAgentAtWork();
    const { agent } = world;
    agent.signal("SIGTERM");
    agent.signal(second);
    // The kernel makes one of two equal signals that wait.
    expect(await agent.exited).toBeOneOf([0, KILLED_BY_SIGTERM, 128 + 2]);
    expect(strangeLines(agent.stderr())).toEqual([]);
    await expectDown(world.broker.port);
  });
});

/** Words that start a program by a shell that has changed its standard streams. `$1` is a directory for what it needs. */
function redirected(script: string): (device: Device) => readonly string[] {
  return ({ root }) => ["sh", "-euc", `directory=$1; shift; ${script}`, "sh", root];
}

/** Makes it log more than a pipe holds, and expects it to work on. */
async function expectToOutlive(world: AgentAtWork): Promise<void> {
  const many = Array.from({ length: 1_500 }, (_, index) => ({
    topic: `te/device/main///twin/${index}`,
    payload: "{bad",
  }));
  await publishBatch(world.broker, many);
  await expectAtWork(world);
  expect(await world.agent.stop()).toBe(0);
  await expectDown(world.broker.port);
}

describe("standard streams", () => {
  test.each([
    ["stdin is closed", 'exec "$@" <&-'],
    ["all of them are closed", 'exec "$@" <&- >&- 2>&-'],
    ["stderr is full", 'exec "$@" 2>/dev/full'],
    [
      "whoever read stderr has gone",
      'mkfifo "$directory/pipe"; head -c 1 <"$directory/pipe" >/dev/null & exec "$@" 2>"$directory/pipe"',
    ],
    ["nobody reads the pipe of stderr", 'mkfifo "$directory/pipe"; exec 3<>"$directory/pipe"; exec "$@" 2>&3'],
  ])("do not matter to the agent: %s", async (_what, script) => {
    await using world = await startAgentAtWork({ prefix: redirected(script) });
    await expectToOutlive(world);
  });

  test("do not matter to a command: it has its exit code", async () => {
    await using broker = await startMosquitto();
    await using device = await makeDevice({ mqttPort: broker.port });
    const run = (script: string, ...args: readonly string[]) =>
      runTebus(args, { ...device, prefix: ["sh", "-c", script, "sh"] });
    expect(await run('exec "$@" <&-', "config", "get", "device.id")).toEqual({
      code: 0,
      stdout: "test-device\n",
      stderr: "",
    });
    expect((await run('exec "$@" 2>&-', "config", "get", "nosuch")).code).toBe(2);
    expect((await run('exec "$@" 2>/dev/full', "config", "get", "nosuch")).code).toBe(2);
    expect((await run('exec "$@" >&- 2>&- <&-', "mqtt", "pub", "a", "b")).code).toBe(0);
    const head = await run('{ "$@"; echo "exit $?" >&2; } | head -n 1', "config", "list", "--all", "--doc");
    expect(head.stderr).toBe("exit 0\n");
    expect(head.stdout.split("\n")).toHaveLength(2);
  });
});
