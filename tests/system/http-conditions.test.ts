import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { mosquittoPub, mosquittoSub } from "./world/mosquitto-clients.ts";
import { runToEnd } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

let agent: AgentAtWork;
let twin: string;

beforeAll(async () => {
  agent = await startAgentAtWork();
  await mosquittoPub(agent.broker, "te/device/pump//", '{"@type":"child-device"}', { retain: true });
  twin = `${agent.url}/te/v1/entities/device/pump///twin`;
  await waitUntil("the pump is registered", () => curl(twin).catch(() => undefined));
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
});

async function statusOf(...args: readonly string[]): Promise<string> {
  const words = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", ...args];
  return (await runToEnd(words)).stdout;
}

async function tagOf(url: string): Promise<string> {
  return /^etag: (.*)$/im.exec(await curl("--head", url))?.[1]?.trim() ?? "";
}

function put(key: string, value: string, condition: string): Promise<string> {
  return statusOf("--request", "PUT", "--data", value, "--header", condition, `${twin}/${key}`);
}

describe("a client that changes twin data under a condition", () => {
  test("is told when a message on the bus was faster", async () => {
    await curl("--request", "PUT", "--data", "1", `${twin}/speed`);
    const etag = await tagOf(`${twin}/speed`);
    expect(await statusOf("--header", `If-None-Match: ${etag}`, `${twin}/speed`)).toBe("304");
    await mosquittoPub(agent.broker, "te/device/pump///twin/speed", "2", { retain: true });
    await waitUntil("the message has arrived", async () => (await curl(`${twin}/speed`)) === "2");
    expect(await put("speed", "3", `If-Match: ${etag}`)).toBe("412");
    expect(await curl(`${twin}/speed`)).toBe("2");
    expect(await put("speed", "3", `If-Match: ${await tagOf(`${twin}/speed`)}`)).toBe("200");
  });

  test("creates once, however many do it at the same time, and the bus sees one message", async () => {
    await using subscriber = await mosquittoSub(agent.broker, ["te/device/pump///twin/owner"]);
    const statuses = await Promise.all(
      Array.from({ length: 8 }, (_, number) => put("owner", `${number}`, "If-None-Match: *")),
    );
    expect(statuses.toSorted()).toEqual(["200", ...Array.from({ length: 7 }, () => "412")]);
    await curl("--request", "DELETE", `${twin}/owner`);
    await waitUntil("the end has arrived", () => subscriber.messages().some(({ payload }) => payload === ""));
    expect(subscriber.messages().map(({ payload }) => payload)).toEqual([expect.stringMatching(/^\d$/), ""]);
  });
});
