import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { BRIDGE_HEALTH, FAR_ROOT, type Gateway, makeGateway } from "./end-to-end-gateway.ts";
import { curl } from "./world/curl.ts";
import { mosquittoPub, mosquittoSub, type PrintedMessage, type Subscriber } from "./world/mosquitto-clients.ts";
import { PYTHON } from "./world/paho.ts";
import { type RunningProgram, startProgram } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

/** A child device with paho-mqtt; the other clients are mosquitto_pub, mosquitto_sub and curl. None is ours. */
const CHILD = join(import.meta.dir, "../interop/child_device.py");

/** Downloads a recipe by curl and hands what is in it to the command. */
const LOAD_RECIPE = `operation = "load_recipe"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = """sh -ec 'echo :::begin-tedge:::; curl -sSf "$0"; echo; echo :::end-tedge:::' \${.payload.tedgeUrl}"""
on_success = "successful"
on_error = "failed"
`;

const world = new AsyncDisposableStack();
let gateway: Gateway;
let bus: Subscriber;
let farSide: Subscriber;

beforeAll(async () => {
  gateway = world.use(await makeGateway({ files: { "operations/load_recipe.toml": LOAD_RECIPE } }));
  bus = world.use(await mosquittoSub(gateway.local, ["te/#", "orders/#"]));
  farSide = world.use(await mosquittoSub(gateway.operator, ["gateways/#"]));
  await gateway.start();
});

afterAll(() => world.disposeAsync());

const http = (path: string) => `http://127.0.0.1:${gateway.device.httpPort}/te/v1${path}`;
const getJson = async (path: string): Promise<unknown> => JSON.parse(await curl(http(path)));
const put = (path: string, content: string) => curl("--request", "PUT", "--data-binary", content, http(path));

async function startChild(name: string, config: string): Promise<RunningProgram> {
  const file = join(gateway.device.root, `${name}.json`);
  await Bun.write(file, config);
  return world.use(startProgram([PYTHON, CHILD, name, file, "--port", String(gateway.local.port)]));
}

/** Makes a command on the far side, and gives all its states as they arrive there. */
async function commandFromFar(topic: string, request: Record<string, unknown>): Promise<Record<string, unknown>[]> {
  await mosquittoPub(gateway.operator, topic, JSON.stringify({ status: "init", ...request }), { retain: true });
  await farSide.next(topic, /"status": ?"(successful|failed)"/);
  await mosquittoPub(gateway.operator, topic, "", { retain: true });
  await farSide.next(topic, /^$/);
  const payloads = farSide.messages().flatMap((message) => (message.topic === topic ? [message.payload] : []));
  return payloads.filter((payload) => payload !== "").map((payload) => JSON.parse(payload));
}

/** What the local broker has retained, as somebody gets it who comes now. */
async function retained(topic: string): Promise<PrintedMessage> {
  await using reader = await mosquittoSub(gateway.local, [topic]);
  const message = await reader.next(topic);
  expect(message.retain).toBe(true);
  return message;
}

describe("a device between two brokers, for clients that are not ours", () => {
  test("has a child that registers itself by MQTT in its twin, for HTTP, for the bus, and on the far side", async () => {
    await startChild("oven", '{"every": 0.2, "highest_load": 1e9}');
    await bus.next("te/device/oven///twin/type", /^"linux"$/);
    expect(await getJson("/entities/device/oven//")).toEqual({
      "@topic-id": "device/oven//",
      "@parent": "device/main//",
      "@type": "child-device",
    });
    expect(await getJson("/entities/device/oven///twin")).toEqual({ name: "oven", type: "linux" });
    await farSide.next(`${FAR_ROOT}/device/oven//`, /"@type": "child-device"/);
    await farSide.next(`${FAR_ROOT}/device/oven///twin/name`, /^"oven"$/);
  });

  test("has twin data that is written by MQTT and read by HTTP, and the other way round", async () => {
    await mosquittoPub(gateway.local, "te/device/mixer//", '{"@type":"child-device"}', { retain: true });
    await mosquittoPub(gateway.local, "te/device/mixer///twin/place", '{"hall":"B"}', { retain: true });
    await farSide.next(`${FAR_ROOT}/device/mixer///twin/place`);
    const place = await waitUntil("the twin has it", () => getJson("/entities/device/mixer///twin/place"));
    expect(place).toEqual({ hall: "B" });
    await put("/entities/device/mixer///twin/serial", '"17-A"');
    expect((await retained("te/device/mixer///twin/serial")).payload).toBe('"17-A"');
    await farSide.next(`${FAR_ROOT}/device/mixer///twin/serial`, /^"17-A"$/);
  });

  test("has measurements, events and alarms, raised and cleared, of its child on the far side, and the child takes commands from there", async () => {
    const child = `${FAR_ROOT}/device/press//`;
    await startChild("press", '{"every": 0.2, "highest_load": -1}');
    await farSide.next(`${child}/m/load`, /^{"load": [\d.]+}$/);
    await farSide.next(`${child}/a/high_load`, /"severity": "major"/);
    const file = "/files/press/config_update/device-7";
    await put(file, '{"every": 0.2, "highest_load": 1e9}');
    const states = await commandFromFar(`${child}/cmd/config_update/7`, { type: "device", tedgeUrl: http(file) });
    expect(states.map(({ status }) => status)).toEqual(["init", "executing", "successful"]);
    await farSide.next(`${child}/e/config_changed`, /'highest_load': 1000000000.0/);
    await farSide.next(`${child}/a/high_load`, /^$/);
  });

  test("runs a workflow for the far side, whose script downloads a file that was put there before", async () => {
    await put("/files/recipes/bread", '{"degrees":230,"minutes":45}');
    const states = await commandFromFar(`${FAR_ROOT}/device/main///cmd/load_recipe/12`, {
      tedgeUrl: http("/files/recipes/bread"),
      requestedBy: "baker",
    });
    expect(states.map(({ status }) => status)).toEqual(["init", "executing", "successful"]);
    expect(states.at(-1)).toMatchObject({ degrees: 230, minutes: 45, requestedBy: "baker" });
    const log = await gateway.device.read("log/agent/workflow-load_recipe-12.log");
    expect(log).toContain('{"degrees":230,"minutes":45}');
    expect(states.at(-1)?.logPath).toBe(join(gateway.device.logsDir, "agent/workflow-load_recipe-12.log"));
  });

  test("tells the far side why a workflow failed", async () => {
    const states = await commandFromFar(`${FAR_ROOT}/device/main///cmd/load_recipe/13`, {
      tedgeUrl: http("/files/recipes/cake"),
    });
    expect(states.map(({ status }) => status)).toEqual(["init", "executing", "failed"]);
    expect(states.at(-1)?.reason).toBe("sh returned exit code 22");
    expect(await gateway.device.read("log/agent/workflow-load_recipe-13.log")).toContain("returned error: 404");
  });

  test("gets what the far side sends on other topics", async () => {
    await mosquittoPub(gateway.operator, "gateways/test-device/orders/new", "12 loaves");
    expect(await bus.next("orders/new")).toEqual({ topic: "orders/new", payload: "12 loaves", retain: false });
  });

  test("tells on both brokers what it can do and that it is up", async () => {
    const capability = "device/main///cmd/load_recipe";
    expect((await retained(`te/${capability}`)).payload).toBe("{}");
    await farSide.next(`${FAR_ROOT}/${capability}`, /^{}$/);
    const { pid } = gateway.tebus();
    for (const service of ["tedge-agent", "tedge-mapper-far"]) {
      const health = `device/main/service/${service}/status/health`;
      expect(JSON.parse((await retained(`te/${health}`)).payload)).toMatchObject({ status: "up", pid });
      await farSide.next(`${FAR_ROOT}/${health}`, new RegExp(`"pid":${pid},"status":"up"`));
    }
    expect((await retained(BRIDGE_HEALTH)).payload).toBe('{"status":"up"}');
  });

  test("answers a health check, and says good-bye when it ends", async () => {
    const health = "te/device/main/service/tedge-agent/status/health";
    const answers = () => bus.messages().filter(({ topic, payload }) => topic === health && payload.includes("up"));
    const before = answers().length;
    await mosquittoPub(gateway.local, "te/device/main/service/tedge-agent/cmd/health/check", "{}");
    await mosquittoPub(gateway.local, "te/device/main/service/tedge-agent/cmd/health/check", "");
    expect(before).toBeGreaterThan(0);
    await waitUntil("both are answered", () => answers().length >= before + 2);
    expect(await gateway.tebus().stop()).toBe(0);
    for (const service of ["tedge-agent", "tedge-mapper-far", "tedge-mapper-bridge-far"]) {
      await bus.next(`te/device/main/service/${service}/status/health`, /"status":"down"/);
    }
    expect(answers()).toHaveLength(before + 2);
  });
});
