import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { curl } from "../system/world/curl.ts";
import { type Device, makeDevice } from "../system/world/device.ts";
import { type Mosquitto, startMosquitto } from "../system/world/mosquitto.ts";
import { mosquittoPub, mosquittoSub, type Subscriber } from "../system/world/mosquitto-clients.ts";
import { PYTHON } from "../system/world/paho.ts";
import { type RunningProgram, startProgram } from "../system/world/program.ts";
import { startTebus } from "../system/world/run-tebus.ts";

/** The programs that the README shows to people who make child devices, run as they are. */
const PYTHON_CHILD = join(import.meta.dir, "child_device.py");
const SHELL_CHILD = join(import.meta.dir, "child-device.sh");

const world = new AsyncDisposableStack();
let broker: Mosquitto;
let device: Device;
let bus: Subscriber;

beforeAll(async () => {
  broker = world.use(await startMosquitto());
  device = world.use(await makeDevice({ mqttPort: broker.port }));
  bus = world.use(await mosquittoSub(broker, ["te/#"]));
  const agent = world.use(await startTebus(["run", "tedge-agent"], device));
  await agent.waitForLog("Ready as device/main//");
});

afterAll(() => world.disposeAsync());

function startPythonChild(name: string): RunningProgram {
  return startProgram([PYTHON, PYTHON_CHILD, name, configOf(name), "--port", String(broker.port)]);
}

function startShellChild(name: string): RunningProgram {
  const env = { PATH: process.env.PATH, MQTT_HOST: "127.0.0.1", MQTT_PORT: String(broker.port) };
  return startProgram([SHELL_CHILD, name, configOf(name)], { env });
}

const http = () => `http://127.0.0.1:${device.httpPort}/te/v1`;
const configOf = (name: string) => join(device.root, `${name}.json`);

/** What somebody does who wants a child device to take a configuration; gives the last state of the command. */
async function updateConfig(name: string, id: string, content?: string): Promise<unknown> {
  const url = `${http()}/files/${name}/config_update/device-${id}`;
  if (content !== undefined) await curl("--request", "PUT", "--data-binary", content, url);
  const topic = `te/device/${name}///cmd/config_update/${id}`;
  const request = { status: "init", type: "device", tedgeUrl: url };
  await mosquittoPub(broker, topic, JSON.stringify(request), { retain: true });
  const end = await bus.next(topic, /"status": ?"(successful|failed)"/);
  await mosquittoPub(broker, topic, "", { retain: true });
  return JSON.parse(end.payload);
}

describe("a child device in Python with paho-mqtt", () => {
  test("is in the twin, is seen measuring, and raises and clears its alarm as the configuration says that it downloaded", async () => {
    await Bun.write(configOf("py"), '{"every": 0.1, "highest_load": 1e9}');
    await using child = startPythonChild("py");
    await bus.next("te/device/py///m/load", /^{"load": [\d.]+}$/);
    await bus.next("te/device/py///twin/name", /^"py"$/);
    expect(JSON.parse(await curl(`${http()}/entities/device/py//`))).toEqual({
      "@topic-id": "device/py//",
      "@parent": "device/main//",
      "@type": "child-device",
    });
    expect(JSON.parse(await curl(`${http()}/entities/device/py///twin`))).toEqual({ name: "py", type: "linux" });
    expect((await bus.next("te/device/py///cmd/config_update")).payload).toBe('{"types": ["device"]}');

    const low = await updateConfig("py", "1", '{"every": 0.1, "highest_load": -1}');
    expect(low).toMatchObject({ status: "successful", type: "device" });
    await bus.next("te/device/py///e/config_changed", /'highest_load': -1.0/);
    await bus.next("te/device/py///a/high_load", /"severity": "major"/);
    expect(await updateConfig("py", "2", '{"every": 0.1, "highest_load": 1e9}')).toMatchObject({
      status: "successful",
    });
    await bus.next("te/device/py///a/high_load", /^$/);
    expect(JSON.parse(await device.read("py.json"))).toEqual({ every: 0.1, highest_load: 1e9 });
    expect(child.stderr()).toBe("");
  });

  test("says why it could not take a configuration", async () => {
    await using _child = startPythonChild("py2");
    await bus.next("te/device/py2///m/load");
    expect(await updateConfig("py2", "1")).toMatchObject({
      status: "failed",
      reason: "HTTPError: HTTP Error 404: Not Found",
    });
  });

  test("goes on with an update that a loss of power interrupted", async () => {
    const url = `${http()}/files/py3/config_update/device-1`;
    await curl("--request", "PUT", "--data-binary", '{"every": 0.1, "highest_load": 7}', url);
    const topic = "te/device/py3///cmd/config_update/1";
    await mosquittoPub(broker, topic, JSON.stringify({ status: "executing", tedgeUrl: url }), { retain: true });
    await using _child = startPythonChild("py3");
    await bus.next(topic, /"status": "successful"/);
    expect(JSON.parse(await device.read("py3.json"))).toEqual({ every: 0.1, highest_load: 7 });
  });
});

describe("a child device in shell with mosquitto-clients and curl", () => {
  test("is in the twin, is seen measuring, and takes a configuration", async () => {
    await using child = startShellChild("sh");
    await bus.next("te/device/sh///m/load", /^{"load":[\d.]+}$/);
    await bus.next("te/device/sh///twin/name", /^"sh"$/);
    expect(JSON.parse(await curl(`${http()}/entities/device/sh///twin`))).toEqual({ name: "sh", type: "linux" });

    expect(await updateConfig("sh", "1", "speed = 3\n")).toMatchObject({ status: "successful", type: "device" });
    expect(await device.read("sh.json")).toBe("speed = 3\n");
    expect(child.stderr()).toBe("");
  });

  test("says when it could not download a configuration", async () => {
    await using _child = startShellChild("sh2");
    await bus.next("te/device/sh2///m/load");
    expect(await updateConfig("sh2", "1")).toMatchObject({
      status: "failed",
      reason: "The configuration could not be downloaded",
    });
  });
});
