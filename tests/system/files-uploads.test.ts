import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { runProgram, runToEnd, startProgram } from "./world/program.ts";
import { startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const MIB = 1024 * 1024;

let at: AgentAtWork;
let source: string;

beforeAll(async () => {
  at = await startAgentAtWork();
  source = join(at.device.root, "source");
  await runProgram(["sh", "-c", `head -c ${30 * MIB} /dev/urandom >"$0"`, source]);
}, 60_000);

afterAll(() => at?.[Symbol.asyncDispose]());

const url = (path: string) => `${at.url}/te/v1/files/${path}`;

async function storedFiles({ device }: AgentAtWork = at): Promise<readonly string[]> {
  return (await readdir(join(device.dataDir, "file-transfer"), { recursive: true })).sort();
}

async function status(...args: readonly string[]): Promise<string> {
  const command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", ...args];
  return (await runToEnd(command)).stdout;
}

const tagOf = async (path: string) => /^etag: (.*)\r$/im.exec(await curl("--head", url(path)))?.[1] ?? "none";

describe("an upload", () => {
  test("of a child that is killed in the middle leaves nothing, and the old file stays", async () => {
    await writeFile(join(at.device.root, "old"), "old");
    await curl("-T", join(at.device.root, "old"), url("kept"));
    const before = await storedFiles();
    for (const path of ["kept", "new/directory/f"]) {
      await using child = startProgram(["curl", "-sS", "-T", source, "--limit-rate", "10M", url(path)]);
      await waitUntil("the upload is under way", async () =>
        (await storedFiles()).some((file) => file.endsWith(".part")),
      );
      process.kill(child.pid, "SIGKILL");
      await waitUntil("nothing of it is left", async () => (await storedFiles()).join() === before.join());
    }
    expect(await curl(url("kept"))).toBe("old");
  }, 30_000);

  test("during which the agent is killed leaves nothing after its next start, and takes no room", async () => {
    await using agent = await startAgentAtWork({ config: ['files.max_total = "35M"'] });
    const target = (path: string) => `${agent.url}/te/v1/files/${path}`;
    await using child = startProgram(["curl", "-sS", "-T", source, "--limit-rate", "20M", target("a/b/f")]);
    await waitUntil("some of it is there", async () => {
      const sizes = await runProgram(["du", "-sm", join(agent.device.dataDir, "file-transfer")]);
      return Number.parseInt(sizes, 10) > 5;
    });
    await agent.agent.kill();
    await child.exited;
    expect((await storedFiles(agent)).some((file) => file.endsWith(".part"))).toBe(true);
    await using again = await startTebus(["run", "tedge-agent"], { configDir: agent.device.configDir });
    await again.waitForLog("Removed 1 incomplete uploads of an earlier run");
    await waitUntil("it is up", () => curl(`${agent.url}/te/v1/entities`).catch(() => undefined));
    expect(await status("-T", source, target("f"))).toBe("201");
    expect(await status("-T", source, target("g"))).toBe("507");
  }, 60_000);

  test("that may only be new is made by one of many children at once, and refused to the others", async () => {
    const sources = await Promise.all(
      ["a", "b", "c", "d"].map(async (name) => {
        const path = join(at.device.root, name);
        await writeFile(path, name.repeat(200_000));
        return path;
      }),
    );
    const put = (path: string) => status("-T", path, "-H", "If-None-Match: *", url("once"));
    const results = await Promise.all(sources.map(put));
    expect(results.toSorted()).toEqual(["201", "412", "412", "412"]);
    const winner = sources[results.indexOf("201")] ?? "";
    await runProgram(["cmp", winner, join(at.device.dataDir, "file-transfer/once")]);
  });

  test("or a removal of a version that is there no more is refused with why", async () => {
    const put = (text: string, ...headers: readonly string[]) =>
      runProgram(["curl", "-sS", "-X", "PUT", "--data-binary", text, "-w", " %{http_code}", ...headers, url("v/f")]);
    await put("one");
    const first = await tagOf("v/f");
    expect(await put("two", "-H", `If-Match: ${first}`)).toBe(" 201");
    expect(await put("three", "-H", `If-Match: ${first}`)).toBe(
      `Precondition failed: "v/f" has been changed, its entity tag is ${await tagOf("v/f")} 412`,
    );
    expect(await status("-X", "DELETE", "-H", `If-Match: ${first}`, url("v/f"))).toBe("412");
    expect(await status("-X", "DELETE", "-H", `If-Match: ${await tagOf("v/f")}`, url("v/f"))).toBe("202");
    expect((await storedFiles()).filter((file) => file.startsWith("v"))).toEqual([]);
  });
});

describe("a download of a child that is killed in the middle", () => {
  const part = () => join(at.device.root, "part");

  async function killInTheMiddle(path: string): Promise<void> {
    await runProgram(["rm", "-f", part()]);
    await using child = startProgram(["curl", "-sS", "--limit-rate", "20M", "-o", part(), url(path)]);
    await waitUntil("some of it is there", async () => Bun.file(part()).size > 3 * MIB);
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    expect(Bun.file(part()).size).toBeLessThan(30 * MIB);
  }

  test("goes on where it was", async () => {
    await curl("-T", source, url("large"));
    await killInTheMiddle("large");
    const rest = 30 * MIB - Bun.file(part()).size;
    const etag = await tagOf("large");
    const options = ["-sS", "-C", "-", "-H", `If-Range: ${etag}`, "-o", part(), "-w", "%{http_code} %{size_download}"];
    expect(await runProgram(["curl", ...options, url("large")])).toBe(`206 ${rest}`);
    await runProgram(["cmp", source, part()]);
  }, 30_000);

  test("begins anew when the file is another one by then", async () => {
    await curl("-T", source, url("large"));
    await killInTheMiddle("large");
    const etag = await tagOf("large");
    await writeFile(join(at.device.root, "other"), "x".repeat(MIB));
    await curl("-T", join(at.device.root, "other"), url("large"));
    const range = ["-H", `Range: bytes=${Bun.file(part()).size}-`, "-H", `If-Range: ${etag}`];
    const answer = await runProgram(["curl", "-sS", "-o", part(), "-w", "%{http_code}", ...range, url("large")]);
    expect(answer).toBe("200");
    await runProgram(["cmp", join(at.device.root, "other"), part()]);
  }, 30_000);
});
