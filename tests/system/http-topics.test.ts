import { expect, test } from "bun:test";
import { expectAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { runToEnd } from "./world/program.ts";

async function statusOf(...args: readonly string[]): Promise<string> {
  const words = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", ...args];
  return (await runToEnd(words)).stdout;
}

/** mosquitto ends a connection on which a topic has such a character, and would do so again each time that the message comes again. */
test("what no broker takes in a topic is refused over HTTP, so that nobody can drive the agent off the bus", async () => {
  await using agent = await startAgentAtWork();
  const entities = `${agent.url}/te/v1/entities`;
  for (const character of ["\\b", "\\u007f", "\\u009f", "\\ufdd0", "\\uffff", "\\ud83f\\udfff"]) {
    const body = `{"@topic-id":"device/a${character}","@type":"child-device"}`;
    expect(await statusOf("--header", "Content-Type: application/json", "--data", body, entities)).toBe("422");
    const key = encodeURIComponent(JSON.parse(`"${character}"`));
    expect(await statusOf("--request", "PUT", "--data", "1", `${entities}/device/main///twin/${key}`)).toBe("400");
    const twin = `{"a${character}":1}`;
    expect(await statusOf("--request", "PUT", "--data", twin, `${entities}/device/main///twin`)).toBe("400");
  }
  await expectAtWork(agent);
  expect(agent.agent.stderr()).not.toContain("No connection to the broker");
});
