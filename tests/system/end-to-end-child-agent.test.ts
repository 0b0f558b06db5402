import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { curl } from "./world/curl.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { mosquittoPub, mosquittoSub, type Subscriber } from "./world/mosquitto-clients.ts";
import { runProgram } from "./world/program.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";

/** Says who carried it out, so that a command in the wrong hands is noticed. */
const signedBy = (name: string) => `operation = "sign"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "printf ':::begin-tedge:::\\n{\\"signature\\":\\"${name}\\"}\\n:::end-tedge:::\\n'"
on_success = "successful"
`;

const world = new AsyncDisposableStack();
let broker: Mosquitto;
let main: Device;
let child: Device;
let mainAgent: RunningTebus;
let childAgent: RunningTebus;
let bus: Subscriber;

beforeAll(async () => {
  broker = world.use(await startMosquitto());
  bus = world.use(await mosquittoSub(broker, ["te/#"]));
  const layOut = async (name: string) =>
    world.use(await makeDevice({ mqttPort: broker.port, files: { "operations/sign.toml": signedBy(name) } }));
  main = await layOut("main");
  child = await layOut("child1");
  mainAgent = world.use(await startTebus(["run", "tedge-agent"], main));
  const place = ["--mqtt-device-topic-id", "device/child1//"];
  childAgent = world.use(await startTebus(["run", "tedge-agent", ...place], child));
  await mainAgent.waitForLog("Ready as device/main//");
  await childAgent.waitForLog("Ready as device/child1//");
});

afterAll(() => world.disposeAsync());

/** Local TCP ports that a process listens on. */
async function listeningPorts(pid: number): Promise<readonly number[]> {
  const sockets = (await runProgram(["ss", "-ltnHp"])).split("\n").filter((line) => line.includes(`pid=${pid},`));
  return sockets.map((line) => Number(/:(\d+)\s/.exec(line)?.[1]));
}

describe("the agent of a child device", () => {
  test("carries out the commands of its device, which the main agent leaves alone, and the other way round", async () => {
    for (const name of ["child1", "main"]) {
      const topic = `te/device/${name}///cmd/sign/1`;
      expect((await bus.next(`te/device/${name}///cmd/sign`)).payload).toBe("{}");
      await mosquittoPub(broker, topic, '{"status":"init"}', { retain: true });
      const end = await bus.next(topic, /"status":"(successful|failed)"/);
      expect(JSON.parse(end.payload)).toMatchObject({ status: "successful", signature: name });
    }
    const states = (name: string) => bus.messages().filter(({ topic }) => topic === `te/device/${name}///cmd/sign/1`);
    expect(states("child1").map(({ payload }) => JSON.parse(payload).status)).toEqual([
      "init",
      "executing",
      "successful",
    ]);
    expect(await child.read("log/agent/workflow-sign-1.log")).toContain("te/device/child1///cmd/sign/1");
    expect(await main.read("log/agent/workflow-sign-1.log")).not.toContain("child1");
  });

  test("is in the main agent's twin, with its health", async () => {
    await bus.next("te/device/child1/service/tedge-agent/status/health", /"status":"up"/);
    const url = `http://127.0.0.1:${main.httpPort}/te/v1/entities`;
    await bus.next("te/device/child1//");
    const all: { "@topic-id": string; "@parent"?: string }[] = JSON.parse(await curl(url));
    const parents = Object.fromEntries(all.map((entity) => [entity["@topic-id"], entity["@parent"]]));
    expect(parents["device/child1//"]).toBe("device/main//");
    expect(parents["device/child1/service/tedge-agent"]).toBe("device/child1//");
  });

  test("opens no port, unlike the main agent", async () => {
    expect(await listeningPorts(mainAgent.pid)).toEqual([main.httpPort]);
    expect(await listeningPorts(childAgent.pid)).toEqual([]);
    expect(childAgent.stderr()).toContain("Running as a child device: File Transfer Service disabled");
  });
});
