import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FAR_ROOT, type Gateway, makeGateway } from "./end-to-end-gateway.ts";
import { mosquittoPub, mosquittoSub, type Subscriber } from "./world/mosquitto-clients.ts";
import { waitUntil } from "./world/wait-until.ts";

/** Its script notes that it runs, and runs until it is let go, or until the device is gone, since it outlives a tebus that is killed. */
const BAKE = `operation = "bake"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = """sh -ec 'echo run >>"$0"; until [ -e "$0.done" ] || ! [ -e "$0" ]; do sleep 0.02; done' \${.payload.oven}"""
on_success = "successful"
on_kill = "executing"
`;

let world: AsyncDisposableStack;
let gateway: Gateway;
let farSide: Subscriber;
let oven: string;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  const brokers = { persistence: "every-change" } as const;
  gateway = world.use(await makeGateway({ brokers, files: { "operations/bake.toml": BAKE } }));
  oven = join(gateway.device.root, "oven");
  farSide = world.use(await mosquittoSub(gateway.operator, ["gateways/#"]));
  await gateway.start();
});

afterEach(() => world.disposeAsync());

const TOPIC = `${FAR_ROOT}/device/main///cmd/bake/1`;

async function requestBaking(): Promise<void> {
  await mosquittoPub(gateway.operator, TOPIC, JSON.stringify({ status: "init", oven }), { retain: true });
}

async function hasBegun(times: number): Promise<void> {
  const runs = async () => (await readFile(oven, "utf8")).split("\n").length - 1;
  await waitUntil(`the script runs for the ${times}. time`, async () => (await runs()) >= times);
}

const letGo = () => Bun.write(`${oven}.done`, "");

/** The last state, as it came to the far side. */
async function end(): Promise<Record<string, unknown>> {
  return JSON.parse((await farSide.next(TOPIC, /"status":"(successful|failed)"/)).payload);
}

const statesOnFarSide = () =>
  farSide.messages().flatMap(({ topic, payload }) => (topic === TOPIC ? [JSON.parse(payload).status] : []));

/** Of every time that the script began, as the operation's log tells. */
async function loggedRuns(): Promise<number> {
  const log = await gateway.device.read("log/agent/workflow-bake-1.log");
  return log.split("[ bake @ executing |").length - 1;
}

describe("a command of the far side", () => {
  test("whose script ran when tebus was killed is taken up again, and its end arrives", async () => {
    await requestBaking();
    await hasBegun(1);
    await gateway.tebus().kill();
    await gateway.start();
    await hasBegun(2);
    await letGo();
    expect(await end()).toMatchObject({ status: "successful", oven, resumed_at: expect.any(String) });
    expect(await loggedRuns()).toBe(2);
    const log = await gateway.device.read("log/agent/workflow-bake-1.log");
    expect(log.match(/=> moving to bake @ successful/g)).toHaveLength(1);
    expect(log.match(/"resumed_at":/g)?.length).toBeGreaterThan(0);
  });

  test("whose script ran when tebus was stopped goes on after the next start, if its workflow wants it so", async () => {
    await requestBaking();
    await hasBegun(1);
    expect(await gateway.tebus().stop()).toBe(0);
    expect(await gateway.device.read("log/agent/workflow-bake-1.log")).toContain("Killed by signal: 15");
    await gateway.start();
    await hasBegun(2);
    await letGo();
    expect(await end()).toMatchObject({ status: "successful" });
    expect(await loggedRuns()).toBe(2);
  });

  test("whose script ran when the local broker was killed comes to its end there", async () => {
    await requestBaking();
    await hasBegun(1);
    await gateway.local.killSaved();
    await gateway.local.start();
    await letGo();
    expect(await end()).toMatchObject({ status: "successful" });
    expect(await loggedRuns()).toBe(1);
  });

  test("which is given while tebus is dead is carried out once, after the start", async () => {
    await gateway.tebus().kill();
    await requestBaking();
    await letGo();
    await gateway.start();
    expect(await end()).toMatchObject({ status: "successful" });
    expect(statesOnFarSide()).toEqual(["init", "executing", "successful"]);
    expect(await loggedRuns()).toBe(1);
  });
});
