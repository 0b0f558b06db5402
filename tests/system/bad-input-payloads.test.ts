import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AgentAtWork, expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { mosquittoPub, mosquittoSub } from "./world/mosquitto-clients.ts";
import { publishBatch } from "./world/paho-batch.ts";
import { runToEnd } from "./world/program.ts";

const MAIN = "te/device/main//";
const NOT_UTF8 = Buffer.from([0xff, 0xfe, 0x80, 0x62]);
const DEPTH = 100_000;

let agent: AgentAtWork;

beforeAll(async () => {
  agent = await startAgentAtWork();
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
});

/** The topics on which the agent reads what a payload says. */
const READ = {
  registration: (name: string) => `te/device/${name}//`,
  twin: (name: string) => `${MAIN}/twin/${name}`,
  command: (name: string) => `${MAIN}/cmd/restart/${name}`,
};

/** Publishes a payload under `name` on every topic where it is read, and waits until the agent has seen it. */
async function publishEverywhere(name: string, payload: string | Uint8Array): Promise<void> {
  const messages = Object.values(READ).map((topic) => ({ topic: topic(name), payload }));
  await publishBatch(agent.broker, messages);
  await expectAtWork(agent);
}

async function entity(name: string): Promise<string | undefined> {
  return curl(`${agent.url}/te/v1/entities/device/${name}//`).catch(() => undefined);
}

async function twin(name: string): Promise<string | undefined> {
  return curl(`${agent.url}/te/v1/entities/device/main///twin/${name}`).catch(() => undefined);
}

/** What was logged about a topic, without time and target. */
function told(topic: string): readonly string[] {
  return linesWith(agent.agent.stderr(), topic).map((line) => line.replace(/^\S+ +[A-Z]+ \w+: /, ""));
}

/** The three lines about a payload that is not understood, for `reason`. */
function refusals(name: string, reason: string): void {
  const registration = `Failed to parse message on device/${name}// as an entity registration message: ${reason} (topic: ${READ.registration(name)})`;
  expect(told(READ.registration(name))).toEqual([registration]);
  expect(told(READ.twin(name))).toEqual([
    `Failed to process entity data message: ${reason} (topic: ${READ.twin(name)})`,
  ]);
}

test("a payload of 17 MiB is dropped with a line that says topic, size and limit, wherever it comes", async () => {
  const huge = Buffer.alloc(17 * 1024 * 1024, "x");
  const topics = [...Object.values(READ).map((topic) => topic("huge")), `${MAIN}/m/huge`, `${MAIN}/config`];
  await publishBatch(
    agent.broker,
    topics.map((topic) => ({ topic, payload: huge })),
  );
  await expectAtWork(agent);
  for (const topic of topics) {
    expect(told(topic)).toEqual([
      `Dropping message received on topic ${topic}: payload of 17825792 bytes exceeds the limit of 16777216`,
    ]);
  }
  expect([await entity("huge"), await twin("huge")]).toEqual([undefined, undefined]);
});

test("a payload of 16 MiB is let through", async () => {
  const value = "x".repeat(16 * 1024 * 1024 - 2);
  await publishBatch(agent.broker, [{ topic: READ.twin("large"), payload: `"${value}"` }]);
  await expectAtWork(agent);
  expect((await twin("large"))?.length).toBe(value.length + 2);
  await mosquittoPub(agent.broker, READ.twin("large"), "");
});

describe("a payload that is not UTF-8", () => {
  test("is refused where it is read, with the topic", async () => {
    await publishEverywhere("bytes", NOT_UTF8);
    refusals("bytes", "invalid utf-8 sequence");
    expect(told(READ.command("bytes"))).toEqual([`Invalid command payload: ${READ.command("bytes")}: Not UTF-8`]);
    expect([await entity("bytes"), await twin("bytes")]).toEqual([undefined, undefined]);
  });

  test("of telemetry, capabilities and health is none of the agent's business: its sender is registered", async () => {
    const suffixes = ["/m/x", "/e/x", "/a/x", "/cmd/x", "/status/x"];
    const senders = suffixes.map((suffix, index) => ({
      topic: `te/device/sender${index}//${suffix}`,
      payload: NOT_UTF8,
    }));
    await publishBatch(agent.broker, senders);
    await expectAtWork(agent);
    for (const index of senders.keys()) expect(await entity(`sender${index}`)).toContain(`device/sender${index}//`);
  });
});

test("a payload of NUL bytes is refused, and none of them comes into the log", async () => {
  await publishEverywhere("nul", Buffer.alloc(100));
  refusals("nul", "JSON Parse error: Unrecognized token '\\x00'");
  expect(told(READ.command("nul"))[0]).toStartWith(
    `Invalid command payload: ${READ.command("nul")}: A command state must be a JSON object`,
  );
  expect(agent.agent.stderr()).not.toContain("\0");
});

test("what a payload says cannot steer a terminal or pass for lines of the log", async () => {
  const forged = "x\u001b[2J\n2026-01-01T00:00:00.000000Z ERROR forged: line";
  await publishBatch(agent.broker, [
    { topic: READ.registration("forger"), payload: JSON.stringify({ "@type": forged }) },
  ]);
  await expectAtWork(agent);
  expect(agent.agent.stderr()).toContain(
    "unknown variant `x\\x1b[2J\n  2026-01-01T00:00:00.000000Z ERROR forged: line`",
  );
});

test("invalid JSON is refused with the topic and what is wrong", async () => {
  await publishEverywhere("invalid", '{"@type":child-device}');
  refusals("invalid", 'JSON Parse error: Unexpected identifier "child"');
  expect(told(READ.command("invalid"))).toEqual([
    `Invalid command payload: ${READ.command("invalid")}: A command state must be a JSON object: JSON Parse error: Unexpected identifier "child"`,
  ]);
});

test("JSON that is no object is refused where there has to be one", async () => {
  await publishEverywhere("text", '"text"');
  expect(told(READ.registration("text"))[0]).toContain('invalid type: string "text", expected a map');
  expect(told(READ.command("text"))[0]).toEndWith("A command state must be a JSON object with a text `status`");
  expect(await twin("text")).toBe('"text"');
});

describe("JSON that is nested 100,000 levels deep", () => {
  const SHAPES = {
    open: "[".repeat(DEPTH),
    arrays: "[".repeat(DEPTH) + "]".repeat(DEPTH),
    objects: `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`,
    inside: `{"@type":"child-device","status":"init","x":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}}`,
  };

  test.each(Object.entries(SHAPES))("is refused as such on the bus: %s", async (name, payload) => {
    await publishEverywhere(`deep-${name}`, payload);
    refusals(`deep-${name}`, "recursion limit exceeded: nested too deeply");
    expect(told(READ.command(`deep-${name}`))[0]).toEndWith("recursion limit exceeded: nested too deeply");
  });

  test.each([
    ["POST", "entities"],
    ["PUT", "entities/device/main///twin"],
    ["PUT", "entities/device/main///twin/deep"],
    ["PATCH", "entities/device/main//"],
  ])("is refused as such over HTTP: %s %s", async (method, path) => {
    const options = ["--request", method, "--header", "content-type: application/json", "--data-binary", "@-"];
    for (const payload of Object.values(SHAPES)) {
      const sent = ["curl", "--silent", "--write-out", " %{http_code}", ...options, `${agent.url}/te/v1/${path}`];
      const { stdout } = await runToEnd(sent, { stdin: payload });
      expect(stdout).toMatch(/recursion limit exceeded at line 1 column \d+.* 400$/);
    }
    await expectAtWork(agent);
  });
});

test("numbers beyond what a double holds come out as they came in", async () => {
  const digits = ["123456789012345678901234567890", "1e999999", "-0.10", "9".repeat(5_000)];
  const value = `{"n":[${digits.join(",")}]}`;
  await publishBatch(agent.broker, [
    { topic: READ.twin("numbers"), payload: value },
    { topic: READ.registration("numbers"), payload: `{"@type":"child-device","n":[${digits.join(",")}]}` },
  ]);
  await expectAtWork(agent);
  expect(await twin("numbers")).toBe(value);
  await using sub = await mosquittoSub(agent.broker, ["te/device/numbers///twin/n"]);
  expect((await sub.next("te/device/numbers///twin/n")).payload).toBe(`[${digits.join(",")}]`);
});

test("of keys that come twice the last counts, but a registration must not be ambiguous", async () => {
  await publishBatch(agent.broker, [
    { topic: READ.registration("twice"), payload: '{"@type":"child-device","@type":"service"}' },
    { topic: READ.registration("last"), payload: '{"@type":"child-device","a":1,"a":2,"__proto__":{"b":1}}' },
    { topic: READ.twin("last"), payload: '{"a":1,"a":2}' },
  ]);
  await expectAtWork(agent);
  expect(told(READ.registration("twice"))[0]).toContain("duplicate field `@type`");
  expect(await entity("twice")).toBeUndefined();
  expect(await twin("last")).toBe('{"a":2}');
  expect(await curl(`${agent.url}/te/v1/entities/device/last///twin`)).toBe('{"__proto__":{"b":1},"a":2}');
});
