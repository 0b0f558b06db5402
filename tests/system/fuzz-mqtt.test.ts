import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { connectAsync } from "mqtt";
import { expectAtWork, startAgentAtWork } from "./world/agent-at-work.ts";

const ROUNDS = 6;
const MESSAGES_A_ROUND = 1_000;
/** Bytes of private memory that the agent may have at the end of each round: payloads and entities come from small sets. */
const MOST_MEMORY = 96 * 1024 * 1024;

interface Sent {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly qos: 0 | 1 | 2;
}

const name = fc.constantFrom("main", "a", "b", "c", "", "é", "x y", "service", "cmd", "twin", ".", "..", "%2f");
const segment = fc.oneof(name, fc.stringMatching(/^[^\0/+#\uD800-\uDFFF]{0,8}$/u));
const entity = fc.oneof(
  name.map((device) => `device/${device}//`),
  fc.tuple(name, name).map(([device, service]) => `device/${device}/service/${service}`),
  fc.tuple(segment, segment, segment, segment).map((segments) => segments.join("/")),
);
const channel = fc.oneof(
  fc.constantFrom("", "/", "/config", "/status/health", "/cmd/health/check", "/m/", "/e/x", "/a/x", "/a/x/meta"),
  fc.constantFrom(
    "/cmd/restart",
    "/cmd/restart/1",
    "/cmd/fuzz/1",
    "/cmd/fuzz/2",
    "/signal/sync",
    "/signal/sync_config",
  ),
  segment.map((key) => `/twin/${key}`),
  fc.tuple(segment, segment).map(([operation, id]) => `/cmd/${operation}/${id}`),
  fc.array(segment, { maxLength: 4 }).map((segments) => segments.map((part) => `/${part}`).join("")),
);
const topic = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(entity, channel).map(([id, rest]) => `te/${id}${rest}`) },
  { weight: 1, arbitrary: fc.array(segment, { minLength: 1, maxLength: 9 }).map((parts) => parts.join("/") || "te") },
);

const id = fc.oneof(entity, fc.constantFrom("device/main", "+", "a/b/c/d/e", "#"));
const registration = fc.record(
  {
    "@type": fc.oneof(fc.constantFrom("device", "child-device", "service"), fc.jsonValue()),
    "@parent": fc.oneof(id, fc.jsonValue()),
    "@id": fc.oneof(fc.constantFrom("x1", "x2", "a/b"), fc.jsonValue()),
    "@health": fc.oneof(id, fc.jsonValue()),
    name: fc.jsonValue(),
    "a/b": fc.jsonValue(),
    "+": fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const command = fc.record(
  { status: fc.oneof(fc.constantFrom("init", "executing", "successful", "failed"), fc.jsonValue()), x: fc.jsonValue() },
  { requiredKeys: [] },
);
const text = fc.oneof(
  fc.json(),
  registration.map((value) => JSON.stringify(value)),
  command.map((value) => JSON.stringify(value)),
  fc.constantFrom("", "\0", "\0\0", "null", "{}", "[]", "{", '"', "1e999", `${"[".repeat(5_000)}`, '{"a":1,"a":2}'),
);
const payload = fc.oneof(
  text.map((value) => new TextEncoder().encode(value)),
  fc.uint8Array({ maxLength: 300 }),
  // Sound texts that something happened to.
  fc.tuple(text, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = new TextEncoder().encode(value);
    if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  }),
);
const message: fc.Arbitrary<Sent> = fc.record({
  topic,
  payload,
  retain: fc.boolean(),
  qos: fc.constantFrom(0, 1, 2),
});

const WORKFLOW = `operation = "fuzz"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "test \${.payload.x} = 1"
on_success = "successful"
`;

function privateMemory(pid: number): number {
  const [, kilobytes = ""] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

test("whatever bytes come on whatever topic, the agent goes on working, and its memory has a bound", async () => {
  const seed = Date.now() % 2 ** 31;
  await using at = await startAgentAtWork({ files: { "operations/fuzz.toml": WORKFLOW } });
  const client = await connectAsync({ host: "127.0.0.1", port: at.broker.port, protocol: "mqtt" });
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const sent = fc.sample(message, { seed: seed + round, numRuns: MESSAGES_A_ROUND });
      for (const { topic, payload, retain, qos } of sent) {
        await client.publishAsync(topic, Buffer.from(payload), { retain, qos });
      }
      await expectAtWork(at);
      expect(privateMemory(at.agent.pid)).toBeLessThan(MOST_MEMORY);
    }
    expect(await at.agent.stop()).toBe(0);
  } catch (thrown) {
    throw new Error(`With the seed ${seed}`, { cause: thrown });
  } finally {
    await client.endAsync(true);
  }
});
