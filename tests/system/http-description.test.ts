import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { runTebus } from "./world/run-tebus.ts";

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

interface AsyncApi {
  readonly asyncapi: string;
  readonly servers: { readonly broker: { readonly host: string } };
  readonly channels: Readonly<Record<string, { readonly address: string }>>;
}

let agent: AgentAtWork;

beforeAll(async () => {
  agent = await startAgentAtWork({ config: ['mqtt.topic_root = "factory"'] });
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
});

async function printed(path: string): Promise<string> {
  const { stdout, stderr, code } = await runTebus(["http", "get", path], { configDir: agent.device.configDir });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("the documents that describe the agent", () => {
  test("are printed by `tedge http get`", async () => {
    const openapi: OpenApi = JSON.parse(await printed("/te/v1/openapi.json"));
    expect(openapi.openapi).toStartWith("3.1");
    const asyncapi: AsyncApi = JSON.parse(await printed("/te/v1/asyncapi.json"));
    expect(asyncapi.asyncapi).toStartWith("3.");
  });

  test("name the broker and the topic root that are configured", async () => {
    const { servers, channels }: AsyncApi = JSON.parse(await curl(`${agent.url}/te/v1/asyncapi.json`));
    expect(servers.broker.host).toBe(`127.0.0.1:${agent.broker.port}`);
    for (const { address } of Object.values(channels)) expect(address).toStartWith("factory/");
  });

  test("name no path and no method that the agent does not know", async () => {
    const { paths }: OpenApi = JSON.parse(await curl(`${agent.url}/te/v1/openapi.json`));
    for (const [path, methods] of Object.entries(paths)) {
      const url = `${agent.url}${path.replace("{topic-id}", "device%2Fmain%2F%2F").replaceAll(/\{\w+\}/g, "x")}`;
      const answer = await curl("--request", "OPTIONS", "--include", url).catch((thrown) => String(thrown));
      expect(answer).toContain("405 Method Not Allowed");
      const allowed = /allow: (.*)/i.exec(answer)?.[1]?.trim().split(",") ?? [];
      for (const method of Object.keys(methods)) {
        // PATCH of a file is for the uploads that belong to it, which OPTIONS of the file tells by another header.
        if (method !== "patch" || !path.includes("{path}"))
          expect([path, allowed]).toEqual([path, expect.arrayContaining([method.toUpperCase()])]);
      }
    }
  });
});
