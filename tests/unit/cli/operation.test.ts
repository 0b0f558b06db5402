import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { parseDuration } from "../../../src/base/duration.ts";
import { faultChain } from "../../../src/base/fault.ts";
import { createLog } from "../../../src/base/log.ts";
import { ok } from "../../../src/base/result.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../../src/bus/embedded-broker.ts";
import { MAIN_DEVICE } from "../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { operationCancel } from "../../../src/cli/operation-cancel.ts";
import { operationList } from "../../../src/cli/operation-list.ts";
import { type OperationRunArgs, operationRun } from "../../../src/cli/operation-run.ts";
import { operationShow } from "../../../src/cli/operation-show.ts";
import type { CliContext, CommandOutcome } from "../../../src/cli/outcome.ts";
import { type StandInAgent, standInAgent } from "./stand-in-agent.ts";

let broker: EmbeddedBroker;
let agents: AsyncDisposableStack;
let printed: string[];
let told: string[];
let interrupt: AbortController;

beforeEach(async () => {
  broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0 });
  agents = new AsyncDisposableStack();
  [printed, told, interrupt] = [[], [], new AbortController()];
});

afterEach(async () => {
  await agents.disposeAsync();
  await broker.stop();
});

const duration = (text: string) => {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

/** A third of the time is enough for a broker in this process. */
const hurried: Clock = {
  now: systemClock.now,
  monotonic: () => systemClock.monotonic() * 3,
  after: (milliseconds, fire) => systemClock.after(milliseconds / 3, fire),
};

const context = (): CliContext => ({
  configDirectory: "/nowhere",
  environment: {},
  stdout: (text) => void printed.push(text),
  stderr: (text) => void told.push(text),
  log: createLog("test"),
  clock: hurried,
  random: Math.random,
  signal: interrupt.signal,
});

const bus = async () =>
  ok({ endpoint: { host: "127.0.0.1", port: broker.port }, schema: topicSchema("te"), device: MAIN_DEVICE });

const TOPIC = "te/device/main///cmd/ping/1";
const connectionTimeout = duration("10s");

async function agent(...rest: Parameters<typeof standInAgent> extends [number, ...infer Rest] ? Rest : never) {
  return agents.use(await standInAgent(broker.port, ...rest));
}

function run(args: Partial<OperationRunArgs> = {}): Promise<CommandOutcome> {
  const defaults = { operation: "ping", id: "1", input: {}, follow: false, keep: false, json: true, connectionTimeout };
  return operationRun(context(), bus, { ...defaults, ...args });
}

const list = (json = true) => operationList(context(), bus, { json, connectionTimeout });
const cancel = (command: string) => operationCancel(context(), bus, { command, connectionTimeout });
const show = (command: string, json = true) => operationShow(context(), bus, { command, json, connectionTimeout });

const exit = (outcome: CommandOutcome) => outcome.exit;
const why = (outcome: CommandOutcome) => (outcome.kind === "failed" ? faultChain(outcome.fault)[0] : outcome);

const answersOf = (...states: readonly object[]) =>
  [["ping"], (topic: string) => states.map((state) => [topic, JSON.stringify(state)] as const)] as const;

/** What is left on the bus, by topic. */
async function left(): Promise<unknown> {
  printed.length = 0;
  await list();
  return JSON.parse(printed.join("")).map((command: { readonly topic: string }) => command.topic);
}

describe("running an operation", () => {
  test("publishes the request, prints the final payload and takes it off the bus", async () => {
    const { seen } = await agent(...answersOf({ status: "executing" }, { status: "successful", answer: 42 }));
    expect(await run({ input: { question: "?" } })).toEqual({ kind: "done" });
    expect(printed).toEqual(['{"status":"successful","answer":42}\n']);
    expect(seen[0]).toEqual([TOPIC, '{"question":"?","status":"init"}']);
    expect(await left()).toEqual([]);
  });

  test("gives exit 3 and the reason when it fails, and leaves it on the bus when that is asked for", async () => {
    await agent(...answersOf({ status: "failed", reason: "No such thing" }));
    const outcome = await run({ keep: true });
    expect([exit(outcome), why(outcome)]).toEqual([3, "No such thing"]);
    expect(await left()).toEqual([TOPIC]);
  });

  test("gives exit 4 when it does not end in time, and cancels it", async () => {
    await agent(...answersOf({ status: "executing" }));
    const outcome = await run({ timeout: duration("50ms") });
    expect([exit(outcome), why(outcome)]).toEqual([4, "It did not end within 50ms, the last state was executing"]);
    expect(await left()).toEqual([]);
  });

  test("tells every state as it comes, those of sub-commands with their parents", async () => {
    const sub = "te/device/main///cmd/reboot/sub:ping:1";
    await agent(["ping"], (topic) => [
      [topic, '{"status":"executing"}'],
      [sub, '{"status":"init"}'],
      [sub, '{"status":"failed","reason":"no"}'],
      [sub, ""],
      [topic, '{"status":"failed","reason":"no reboot"}'],
    ]);
    expect(exit(await run({ follow: true }))).toBe(3);
    expect(told.map((line) => line.replace(/^ *[\d.]+ s {2}/, ""))).toEqual([
      "init\n",
      "executing\n",
      "ping > reboot @ init\n",
      "ping > reboot @ failed: no\n",
      "failed: no reboot\n",
    ]);
  });

  test("is refused for what the device does not offer, without a request", async () => {
    const { seen } = await agent(["restart", "log_upload"]);
    expect(why(await run())).toBe("device/main// does not offer the operation ping, but log_upload, restart");
    expect(seen).toEqual([]);
  });

  test("is refused where there is no agent", async () => {
    expect(why(await run())).toBe(
      "device/main// does not offer the operation ping, nor any other: is its agent running?",
    );
  });

  test("is refused where the agent is down", async () => {
    const { publish } = await agent(["ping"]);
    await publish("te/device/main/service/tedge-agent/status/health", '{"status":"down"}');
    expect(why(await run())).toBe("The agent of device/main// is down");
  });

  test("is refused on the topic of another command, which is left alone", async () => {
    const { publish } = await agent(["ping"]);
    await publish(TOPIC, '{"status":"executing"}');
    expect(why(await run())).toMatch(
      /^There is already a command on te\/device\/main\/\/\/cmd\/ping\/1, which is executing/,
    );
    expect(await left()).toEqual([TOPIC]);
  });

  test("ends when somebody takes the command back", async () => {
    await agent(["ping"], (topic) => [[topic, ""]]);
    const outcome = await run();
    expect([exit(outcome), why(outcome)]).toEqual([3, "Somebody took the command back"]);
  });

  test("takes the request back when it is interrupted", async () => {
    const watching = await agent(["ping"]);
    const running = run();
    await watching.see(TOPIC, '{"status":"init"}');
    interrupt.abort();
    expect(why(await running)).toBe("Interrupted");
    await watching.see(TOPIC, "");
    expect(watching.seen.at(-1)).toEqual([TOPIC, ""]);
  });

  test.each([
    ["a/b", "1"],
    ["ping", "sub:x:1"],
    ["ping", "#"],
    ["ping", "a/b"],
    ["", "1"],
  ])("is wrong usage for %p with id %p", async (operation, id) => {
    expect((await run({ operation, id })).kind).toBe("usage");
  });
});

describe("the commands on the bus", () => {
  const ID = "local-2024-05-02T18-59-21.361000000Z";

  async function someCommands(): Promise<StandInAgent> {
    const world = await agent([]);
    await world.publish(`te/device/main///cmd/ping/${ID}`, '{"status":"executing","x":1}');
    await world.publish("te/device/child///cmd/ping/2", '{"status":"init"}');
    await world.publish("te/device/main///cmd/pong/2", '{"status":"failed","reason":"r"}');
    await world.publish("te/device/main///cmd/broken/3", "no state");
    return world;
  }

  test("are listed with device, operation, state and age", async () => {
    await someCommands();
    expect(await list()).toEqual({ kind: "done" });
    expect(JSON.parse(printed.join(""))).toEqual([
      { topic: "te/device/child///cmd/ping/2", device: "device/child//", operation: "ping", id: "2", status: "init" },
      expect.objectContaining({ id: ID, status: "executing", since: "2024-05-02T18:59:21.361Z" }),
      expect.objectContaining({ operation: "pong", status: "failed" }),
    ]);
    printed.length = 0;
    await list(false);
    const lines = printed.join("").split("\n");
    expect(lines[0]).toMatch(/^DEVICE +OPERATION +ID +STATE +AGE$/);
    expect(lines[1]).toMatch(/^device\/child\/\/ +ping +2 +init +-$/);
    expect(lines[2]).toMatch(/ executing +\d+ d$/);
  });

  test("are shown by their id, or by their topic when several have it", async () => {
    await someCommands();
    await show(ID);
    expect(JSON.parse(printed.join(""))).toMatchObject({ operation: "ping", payload: { status: "executing", x: 1 } });
    expect(why(await show("2"))).toMatch(/^Several commands have this id/);
    expect(why(await show("4"))).toBe("There is no command '4' on the bus");
    printed.length = 0;
    await show("te/device/main///cmd/pong/2", false);
    expect(printed.join("")).toContain("State:      failed\nReason:     r\n");
  });

  test("are cancelled by clearing their topic", async () => {
    await someCommands();
    expect(await cancel(ID)).toEqual({ kind: "done" });
    expect(printed).toEqual([`te/device/main///cmd/ping/${ID} cleared, it was executing\n`]);
    expect(await left()).toEqual(["te/device/child///cmd/ping/2", "te/device/main///cmd/pong/2"]);
  });

  test("are not cancelled when their agent goes on with them", async () => {
    await agent(...answersOf());
    const stubborn = await someCommands();
    const cancelled = cancel(ID);
    await stubborn.see(`te/device/main///cmd/ping/${ID}`, "");
    await stubborn.publish(`te/device/main///cmd/ping/${ID}`, '{"status":"successful"}');
    expect(why(await cancelled)).toBe("Its agent goes on with it: it is successful");
  });
});

test("a broker out of reach is told", async () => {
  await broker.stop();
  const nowhere = { connectionTimeout: duration("20ms"), json: true };
  const outcomes = [await operationList(context(), bus, nowhere), await run(nowhere)];
  for (const outcome of outcomes) expect(why(outcome)).toBe("MQTT connection timed out after 20ms");
});
