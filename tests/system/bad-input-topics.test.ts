import { expect, test } from "bun:test";
import { type AgentAtWork, expectAtWork, linesWith, startAgentAtWork, strangeLines } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { publishBatch } from "./world/paho-batch.ts";
import { startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const REGISTRATION = '{"@type":"child-device"}';

/** Topics that name a device, with its id; whatever is odd about them. */
const NAMING: Readonly<Record<string, string>> = {
  "te////": "///",
  "te/device///": "device///",
  "te/device/x///m/": "device/x//",
  "te/device/z///status/": "device/z//",
  "te/device/w///a/x/meta": "device/w//",
  "te/device/s/service/": "device/s/service/",
  "te/device/é中😀//": "device/é中😀//",
  "te/device/\u200b//": "device/\u200b//",
  "te/device/a b//": "device/a b//",
  "te/device/a\\b//": "device/a\\b//",
  'te/device/a"b//': 'device/a"b//',
  "te/device/.//": "device/.//",
  "te/device/%2e%2e//": "device/%2e%2e//",
  "te/factory/line/cell/robot": "factory/line/cell/robot",
  [`te/device/${"n".repeat(4_000)}//`]: `device/${"n".repeat(4_000)}//`,
  [`te/device/l///m/${"t".repeat(65_535 - "te/device/l///m/".length)}`]: "device/l//",
};

/** Topics that name nothing which tebus would take for a device. */
const NAMELESS: readonly string[] = [
  "te",
  "te/",
  "te//",
  "te///",
  "te//////m/",
  "te/device",
  "te/device/n1",
  "te/device/n2/",
  "te/device/n3///m",
  "te/device/n4///m/a/",
  "te/device/n5///m/a/meta/b",
  "te/device/n6///twin/a/b",
  "te/device/n7///nosuch/a",
  "te/device/n8/////",
  "te/device/n18/service//",
  "te/////",
  "te/device/n9/service//m/a",
  "te/device/../../etc//",
  "te//device/n10//m/a",
  "te/device//n11//m/a",
  "te/device/n17///cmd//1",
  "/te/device/n12//",
  "/te/device/n13///m/a",
  "$te/device/n14//",
  "$SYS/te/device/n15//",
  "TE/device/n16//",
  `te/device/${"o".repeat(65_000)}//`,
  "/".repeat(190),
  "a/b/c/d",
];

async function ids({ url }: AgentAtWork): Promise<readonly string[]> {
  const entities: unknown = JSON.parse(await curl(`${url}/te/v1/entities`));
  if (!Array.isArray(entities)) throw new Error("The entities are no list");
  return entities
    .map((entity) => String(Object(entity)["@topic-id"]))
    .filter((id) => !/^device\/(main|works-\d+)\//.test(id))
    .sort();
}

test("topics with empty, strange or very long segments register what they name and nothing else, and no line is endless", async () => {
  await using agent = await startAgentAtWork();
  const topics = [...NAMELESS, ...Object.keys(NAMING)];
  await publishBatch(
    agent.broker,
    topics.map((topic) => ({ topic, payload: REGISTRATION })),
  );
  await expectAtWork(agent);
  const expected = [...new Set(Object.values(NAMING))].sort();
  // Senders of data are registered once it is clear that the broker retains no registration of theirs.
  await waitUntil("all are registered", async () => (await ids(agent)).length >= expected.length);
  expect(await ids(agent)).toEqual(expected);
  const log = agent.agent.stderr();
  expect(Math.max(...log.split("\n").map((line) => line.length))).toBeLessThan(9_000);
  expect(linesWith(log, "oooooooo")[0]).toMatch(/o… \(\d+ more characters\)$/);
  await expectToComeBack(agent, expected);
});

/** What was registered under such names is on disk under these names. */
async function expectToComeBack(agent: AgentAtWork, expected: readonly string[]): Promise<void> {
  await agent.agent.kill();
  await using again = await startTebus(["run", "tedge-agent"], agent.device);
  await again.waitForLog("supervisor: up");
  expect(await ids(agent)).toEqual(expected);
  expect(linesWith(again.stderr(), "is skipped")).toEqual([]);
  expect(strangeLines(again.stderr())).toEqual([]);
}

test("an entity with a strange name can be asked for over HTTP by its encoded name", async () => {
  await using agent = await startAgentAtWork();
  const names = ["é中😀", "a b", "a%b", 'a"b', "%2e%2e"];
  await publishBatch(
    agent.broker,
    names.map((name) => ({ topic: `te/device/${name}//`, payload: REGISTRATION })),
  );
  await expectAtWork(agent);
  for (const name of names) {
    const id = encodeURIComponent(name);
    const answer: unknown = JSON.parse(await curl(`${agent.url}/te/v1/entities/device/${id}//`));
    expect([name, answer]).toEqual([name, expect.objectContaining({ "@topic-id": `device/${name}//` })]);
  }
});
