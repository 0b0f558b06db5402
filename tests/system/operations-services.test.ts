import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { type BusProbe, connectProbe } from "./world/bus-probe.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";

const PAUSE = `operation = "pause"
type = "service"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "sh -c 'echo paused \\"$0\\" >> \${.payload.calls}' \${.payload.serviceName}"
on_success = "successful"
`;

let world: AsyncDisposableStack;
let at: AgentAtWork;
let probe: BusProbe;
let directory: string;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  directory = world.use(await tempDir("services")).path;
  const manager = join(directory, "manager");
  await writeFile(
    manager,
    `#!/bin/sh\necho "$*" >> "${directory}/calls"\n[ "$2" != broken ] || { echo "unit failed" >&2; exit 3; }\n`,
  );
  await chmod(manager, 0o755);
  const verbs = ["restart", "start", "stop", "enable", "disable", "is_active"];
  const system = [
    'user = ""\ngroup = ""\n[init]\nname = "stub"',
    `is_available = ["${manager}"]`,
    ...verbs.map((verb) => `${verb} = ["${manager}", "${verb}", "{}"]`),
    `[service_actions]\nreload = ["${manager}", "reload", "{}"]`,
  ];
  at = world.use(
    await startAgentAtWork({ files: { "system.toml": `${system.join("\n")}\n`, "operations/pause.toml": PAUSE } }),
  );
  probe = world.use(await connectProbe(at.broker.port, ["te/device/main/service/+/cmd/#"]));
});

afterEach(() => world.disposeAsync());

const calls = () => readFile(join(directory, "calls"), "utf8").catch(() => "");

async function command(service: string, action: string, members: Record<string, unknown> = {}) {
  const topic = `te/device/main/service/${service}/cmd/${action}/c8y-mapper-1`;
  await probe.publish(topic, JSON.stringify({ status: "init", action, serviceName: service, ...members }), {
    retain: true,
  });
  return end(topic);
}

async function end(topic: string) {
  const isEnd = (message: { readonly topic: string; readonly payload: string }) =>
    message.topic === topic && /"status":"(successful|failed)"/.test(message.payload);
  return JSON.parse((await probe.waitFor(`${topic} ends`, isEnd, 20_000)).payload);
}

describe("a command of a service of the device", () => {
  test("is carried out by the service manager of system.toml", async () => {
    expect(await command("collectd", "restart", { serviceType: "service" })).toMatchObject({ status: "successful" });
    expect(await command("collectd", "stop")).toMatchObject({ status: "successful" });
    expect(await calls()).toBe("restart collectd\nstop collectd\n");
  });

  test("fails with the reason of the service manager", async () => {
    const { status, reason } = await command("broken", "start");
    expect(status).toBe("failed");
    expect(reason).toMatch(/^Service command <".* start broken"> failed with exit code 3: unit failed$/);
  });

  test.each([
    ["tedge-agent", "stop", {}, /^Refusing to stop tedge-agent: /],
    ["tedge-mapper-aws", "stop", {}, /^Refusing to stop tedge-mapper-aws: /],
    [
      "nodered",
      "start",
      { serviceType: "container" },
      /^There is no service plugin \/usr\/share\/tedge\/service-plugins\/container$/,
    ],
    ["nodered", "start", { serviceType: "../../bin/sh" }, /^Invalid service type: /],
  ])("%s to %s with %j is refused", async (service, action, members, expected) => {
    expect((await command(service, action, members)).reason).toMatch(expected);
    expect(await calls()).toBe("");
  });

  test("that is defined by a workflow follows it", async () => {
    expect(await command("nodered", "pause", { calls: join(directory, "calls") })).toMatchObject({
      status: "successful",
    });
    expect(await calls()).toBe("paused nodered\n");
  });

  test("that nobody defined, a health check and a restart of the device are something else", async () => {
    await probe.publish("te/device/main/service/nodered/cmd/explode/1", '{"status":"init"}', { retain: true });
    await probe.publish("te/device/main/service/tedge-agent/cmd/health/check", "");
    expect(await command("collectd", "start")).toMatchObject({ status: "successful" });
    const exploded = probe.messages.filter(({ topic }) => topic.includes("/explode/"));
    expect(exploded.map(({ payload }) => payload)).toEqual(['{"status":"init"}']);
    expect(linesWith(at.agent.stderr(), "ERROR")).toEqual([]);
  });
});

test("the agent says that it can be restarted, is restarted, and tells it", async () => {
  const capability = "te/device/main/service/tedge-agent/cmd/restart";
  expect((await probe.waitFor("it says so", ({ topic }) => topic === capability)).payload).toBe("{}");
  const topic = `${capability}/1`;
  await probe.publish(topic, '{"status":"init"}', { retain: true });
  expect(await at.agent.exited).toBe(1);
  await using again = await startTebus(["run", "tedge-agent"], { configDir: at.device.configDir });
  expect(await end(topic)).toMatchObject({ status: "successful", resumed_at: expect.any(String) });
  expect(again.pid).not.toBe(at.agent.pid);
  expect(await calls()).toBe("");
});

test("tedge service does the same on the command line", async () => {
  const run = (...args: string[]) => runTebus(["service", ...args], { configDir: at.device.configDir });
  expect(await run("reload", "collectd")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await run("start", "broken", "--service-type", "service")).toMatchObject({ code: 1 });
  expect(await run("pause", "collectd")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is not supported"),
  });
  expect(await run("start", "nodered", "--service-type", "container")).toMatchObject({ code: 2 });
  expect(await run("stop", "tedge-agent")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Refusing to stop"),
  });
  expect(await run("restart")).toMatchObject({ code: 2 });
  expect(await calls()).toBe("reload collectd\nstart broken\n");
});
