import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { curl } from "./world/curl.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { type BrokerAccess, mosquittoPub, mosquittoSub, type Subscriber } from "./world/mosquitto-clients.ts";
import { type RunningTebus, runTebus, startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";
import { waitUntil } from "./world/wait-until.ts";

const PASSWORDS = { gateway: "p0", child1: "p1", child2: "p2", "plant.hall.line.robot": "p3", sensor: "p4", ops: "p5" };
type User = keyof typeof PASSWORDS;

const SIGN = `operation = "sign"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "true"
on_success = "successful"
`;

const world = new AsyncDisposableStack();
let broker: Mosquitto;
let main: Device;
let childAgent: RunningTebus;
/** Sees everything that the broker lets through. */
let bus: Subscriber;

const as = (username: User): BrokerAccess => ({ port: broker.port, username, password: PASSWORDS[username] });

beforeAll(async () => {
  const files = world.use(await tempDir("acl"));
  const aclFile = join(files.path, "tedge.acl");
  const children = ["device/child1", "device/child2", "plant/hall/line/robot"].flatMap((child) => ["--child", child]);
  const others = ["--sensor", "sensor=device/child2", "--operator", "ops"];
  const args = ["acl", "mosquitto", "--agent", "gateway", ...children, ...others, "--output", aclFile];
  expect((await runTebus(args, { configDir: files.path })).code).toBe(0);
  broker = world.use(await startMosquitto({ users: PASSWORDS, config: [`acl_file ${aclFile}`] }));
  bus = world.use(await mosquittoSub(as("gateway"), ["#"]));
  const layOut = async (user: User) => {
    const passwordFile = join(files.path, `${user}.password`);
    await writeFile(passwordFile, `${PASSWORDS[user]}\n`);
    const login = [`mqtt.client.auth.username = "${user}"`, `mqtt.client.auth.password_file = "${passwordFile}"`];
    return world.use(
      await makeDevice({ mqttPort: broker.port, config: login, files: { "operations/sign.toml": SIGN } }),
    );
  };
  main = await layOut("gateway");
  const child = await layOut("child1");
  const mainAgent = world.use(await startTebus(["run", "tedge-agent"], main));
  childAgent = world.use(await startTebus(["run", "tedge-agent", "--mqtt-device-topic-id", "device/child1//"], child));
  await mainAgent.waitForLog("Ready as device/main//");
  await childAgent.waitForLog("Ready as device/child1//");
});

afterAll(() => world.disposeAsync());

/** Which of the topics a user can publish to, found by what arrives before a last message that does. */
async function writable(user: User, topics: readonly string[]): Promise<readonly string[]> {
  const mark = `mark of ${user} ${Math.random()}`;
  for (const topic of topics) await mosquittoPub(as(user), topic, mark);
  await mosquittoPub(as("gateway"), "te/device/main///e/mark", mark);
  await bus.next("te/device/main///e/mark", new RegExp(mark));
  const arrived = bus.messages().filter(({ payload }) => payload === mark);
  return topics.filter((topic) => arrived.some((message) => message.topic === topic));
}

/** Which of the topics a user can read. */
async function readable(user: User, topics: readonly string[], last: string): Promise<readonly string[]> {
  await using subscriber = await mosquittoSub(as(user), ["#"]);
  const mark = `for ${user} ${Math.random()}`;
  for (const topic of [...topics, last]) await mosquittoPub(as("gateway"), topic, mark);
  await subscriber.next(last, new RegExp(mark));
  const arrived = subscriber.messages().filter(({ payload }) => payload === mark);
  return topics.filter((topic) => arrived.some((message) => message.topic === topic));
}

describe("with the least rights", () => {
  test("the agent of a child device is registered and healthy in the twin of the gateway", async () => {
    await bus.next("te/device/child1/service/tedge-agent/status/health", /"status":"up"/);
    const url = `http://127.0.0.1:${main.httpPort}/te/v1/entities/device/child1/service/tedge-agent`;
    const service: unknown = JSON.parse(await waitUntil("the service is in the twin", () => curl(url)));
    expect(service).toMatchObject({ "@parent": "device/child1//", "@type": "service" });
  });

  test("it answers health checks and takes part in the twin", async () => {
    const health = "te/device/child1/service/tedge-agent/status/health";
    const before = bus.messages().filter(({ topic }) => topic === health).length;
    await mosquittoPub(as("ops"), "te/device/child1/service/tedge-agent/cmd/health/check", "{}");
    await waitUntil("it answers", () => bus.messages().filter(({ topic }) => topic === health).length > before);
    const agent = await bus.next("te/device/child1///twin/agent");
    expect(agent.payload).toContain('"name"');
  });

  test("it carries out a command of an operator", async () => {
    await bus.next("te/device/child1///cmd/sign");
    await mosquittoPub(as("ops"), "te/device/child1///cmd/sign/1", '{"status":"init"}', { retain: true });
    await bus.next("te/device/child1///cmd/sign/1", /"status":"successful"/);
  });

  test("its last will arrives", async () => {
    await childAgent.kill();
    await bus.next("te/device/child1/service/tedge-agent/status/health", /"status":"down"/);
  });
});

describe("a child device", () => {
  const own = [
    ...["te/device/child1//", "te/device/child1///m/", "te/device/child1///m/x", "te/device/child1///a/x"],
    ...["te/device/child1///twin/x", "te/device/child1///cmd/x", "te/device/child1///cmd/x/1"],
    ...["te/device/child1/service/plc", "te/device/child1/service/plc/status/health"],
  ];
  const foreign = [
    ...["te/device/child2//", "te/device/child2///m/", "te/device/child2///cmd/x/1", "te/device/child2///twin/x"],
    ...["te/device/main//", "te/device/main///m/x", "te/device/main///cmd/x/1", "te/device/child11///m/"],
    ...["te/device/main/service/tedge-agent/status/health", "te/errors", "te/device", "c8y/s/us", "other"],
  ];

  test("publishes below its own topics only", async () => {
    expect(await writable("child1", [...foreign, ...own])).toEqual(own);
  });

  test("reads its commands, its twin data and what its agent is told, and nothing of others", async () => {
    const topics = [
      ...["te/device/child1///cmd/x", "te/device/child1///cmd/x/1", "te/device/child1///twin/x"],
      ...["te/device/child1/service/tedge-agent/signal/sync", "te/device/child1/service/tedge-agent/config"],
    ];
    expect(await readable("child1", [...foreign, ...topics], "te/device/child1///cmd/last/1")).toEqual(topics);
  });

  test("of a custom scheme likewise", async () => {
    const mine = ["te/plant/hall/line/robot", "te/plant/hall/line/robot/m/", "te/plant/hall/line/robot/cmd/x/1"];
    const others = ["te/plant/hall/line/arm/m/", "te/plant/hall/line/robots/m/", "te/plant/hall///m/", ...foreign];
    expect(await writable("plant.hall.line.robot", [...others, ...mine])).toEqual(mine);
    const commands = ["te/plant/hall/line/robot/cmd/x/1"];
    const last = "te/plant/hall/line/robot/cmd/last/1";
    expect(await readable("plant.hall.line.robot", [...others, ...commands], last)).toEqual(commands);
  });
});

test("a sensor publishes for its entity only, and an operator only commands and signals", async () => {
  const topics = [
    ...["te/device/child2///m/x", "te/device/child1///m/x", "te/device/child2///cmd/x/1"],
    ...["te/device/main/service/tedge-agent/signal/sync", "te/device/child1///cmd/x"],
  ];
  expect(await writable("sensor", topics)).toEqual(["te/device/child2///m/x", "te/device/child2///cmd/x/1"]);
  expect(await writable("ops", topics)).toEqual([
    "te/device/child2///cmd/x/1",
    "te/device/main/service/tedge-agent/signal/sync",
  ]);
});

test("one set of rules for all children gives each its own", async () => {
  const files = world.use(await tempDir("acl"));
  const aclFile = join(files.path, "any.acl");
  const args = ["acl", "mosquitto", "--agent", "gateway", "--any-child", "--output", aclFile];
  expect((await runTebus(args, { configDir: files.path })).code).toBe(0);
  await using other = await startMosquitto({ users: PASSWORDS, config: [`acl_file ${aclFile}`] });
  const login = (username: User) => ({ port: other.port, username, password: PASSWORDS[username] });
  await using all = await mosquittoSub(login("gateway"), ["#"]);
  await using mine = await mosquittoSub(login("child1"), ["#"]);
  for (const name of ["child2", "main", "child1"]) {
    await mosquittoPub(login("child1"), `te/device/${name}///m/x`, "1");
    await mosquittoPub(login("gateway"), `te/device/${name}///cmd/x/1`, "1");
  }
  await mine.next("te/device/child1///cmd/x/1");
  await all.next("te/device/child1///cmd/x/1");
  expect(mine.messages().map(({ topic }) => topic)).toEqual(["te/device/child1///cmd/x/1"]);
  const measured = all.messages().filter(({ topic }) => topic.endsWith("/m/x"));
  expect(measured.map(({ topic }) => topic)).toEqual(["te/device/child1///m/x"]);
});
