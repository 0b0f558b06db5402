import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { limitedLink } from "./world/limited-link.ts";
import { type RunningProgram, runProgram, runToEnd, startProgram } from "./world/program.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const MIB = 1024 * 1024;
const CLIENT = join(import.meta.dir, "world/resumable_upload.py");

let at: AgentAtWork;
let source: string;

beforeAll(async () => {
  at = await startAgentAtWork();
  source = join(at.device.root, "source");
  await runProgram(["sh", "-c", `head -c ${30 * MIB} /dev/urandom >"$0"`, source]);
}, 60_000);

afterAll(() => at?.[Symbol.asyncDispose]());

const stored = (path: string) => join(at.device.dataDir, "file-transfer", path);
const isSame = (path: string) => runProgram(["cmp", source, stored(path)]);

/** Headers of an answer by name in lower case, and its status. */
async function headers(...args: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const text = await runProgram(["curl", "-sS", "-o", "/dev/null", "-D", "-", "--max-time", "20", ...args]);
  const lines = text.split("\r\n");
  const last = lines.findLastIndex((line) => line.startsWith("HTTP/"));
  const fields = lines.slice(last + 1).flatMap((line): [string, string][] => {
    const colon = line.indexOf(": ");
    return colon === -1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]];
  });
  return new Map([["status", lines[last]?.split(" ")[1] ?? ""], ...fields]);
}

async function begin(path: string): Promise<string> {
  const fields = ["-H", "Upload-Complete: ?0", "-H", `Upload-Length: ${30 * MIB}`];
  const created = await headers("-X", "PUT", ...fields, "--data-binary", "", `${at.url}/te/v1/files/${path}`);
  expect(created.get("status")).toBe("201");
  return `${at.url}${created.get("location")}`;
}

/** `tail` and curl alone: sends what is behind the offset. */
function appending(upload: string, offset: number, ...options: readonly string[]): readonly string[] {
  const fields = ["Content-Type: application/partial-upload", `Upload-Offset: ${offset}`, "Upload-Complete: ?1"];
  const flags = fields.flatMap((field) => ["-H", field]);
  const command = `tail -c +${offset + 1} ${source} | curl -sS -w "%{http_code}" -X PATCH -T - "$@"`;
  return ["sh", "-c", command, "sh", ...flags, ...options, upload];
}

async function offsetOf(upload: string): Promise<number> {
  return Number((await headers("--head", upload)).get("upload-offset"));
}

describe("a child with curl", () => {
  test("goes on where it was after it was killed in mid-upload, and the file appears only when it is whole", async () => {
    const upload = await begin("curl/killed");
    const first = startProgram(appending(upload, 0, "--limit-rate", "20M"));
    await waitUntil(
      "a part is there",
      async () => (await readdir(stored(".tebus-uploads"))).length > 0 && (await grown()),
    );
    await first.stop();
    const offset = await offsetOf(upload);
    expect(offset).toBeGreaterThan(MIB);
    expect(offset).toBeLessThan(30 * MIB);
    expect((await runToEnd(["curl", "-sS", "-f", `${at.url}/te/v1/files/curl/killed`])).code).toBe(22);
    expect(await runProgram(appending(upload, offset))).toBe("201");
    await isSame("curl/killed");
    const after = await headers("--head", upload);
    expect([after.get("upload-complete"), after.get("upload-offset")]).toEqual(["?1", String(30 * MIB)]);
  }, 30_000);

  async function grown(): Promise<boolean> {
    const sizes = await runProgram(["sh", "-c", `cat ${stored(".tebus-uploads")}/*.data | head -c ${2 * MIB} | wc -c`]);
    return Number(sizes) >= 2 * MIB;
  }

  test("is told the right offset when it takes a wrong one, and may give an upload up", async () => {
    const upload = await begin("curl/cancelled");
    const refused = await runProgram(appending(upload, 5));
    expect(refused).toEndWith("409");
    expect(JSON.parse(refused.slice(0, -3))).toMatchObject({ "expected-offset": 0, "provided-offset": 5 });
    await curl("-X", "DELETE", upload);
    expect((await headers("--head", upload)).get("status")).toBe("404");
  });
});

describe("a child with a small program", () => {
  const upload = (url: string, ...more: readonly string[]): RunningProgram =>
    startProgram(["python3", CLIENT, source, url, ...more, "2"]);

  test("uploads over a link that is cut twice", async () => {
    const cut = { after: 5 * MIB, of: "client", fate: "cut" } as const;
    // PUT, HEAD, PATCH, HEAD, PATCH, HEAD, PATCH
    const none = { after: 1_000 * MIB, of: "client", fate: "cut" } as const;
    await using link = await limitedLink(at.device.httpPort, none, none, cut, none, cut);
    await using client = upload(`http://127.0.0.1:${link.port}/te/v1/files/python/cut`, "0.1");
    expect(await client.exited).toBe(0);
    await isSame("python/cut");
    const offsets = client.lines().flatMap((line) => /^HEAD 204 (\d+)$/.exec(line)?.[1] ?? []);
    expect(offsets.length).toBeGreaterThanOrEqual(3);
    expect(offsets.map(Number)).toEqual(offsets.map(Number).toSorted((left, right) => left - right));
    expect(Number(offsets[2])).toBeGreaterThan(7 * MIB);
  }, 30_000);

  test("uploads although the agent is killed in between, and nothing that was there is sent again", async () => {
    await using agent = await startAgentAtWork();
    const target = `${agent.url}/te/v1/files/python/crash`;
    await using relay = await limitedLink(
      agent.device.httpPort,
      ...Array.from({ length: 3 }, () => ({ after: 10 * MIB, of: "client", fate: "hold" }) as const),
    );
    await using client = upload(target.replace(String(agent.device.httpPort), String(relay.port)), "0.2");
    const directory = join(agent.device.dataDir, "file-transfer/.tebus-uploads");
    const arrived = async () => runProgram(["sh", "-c", `cat ${directory}/*.data | wc -c`]).catch(() => "0");
    await waitUntil("ten megabytes are there", async () => Number(await arrived()) > 9 * MIB);
    await agent.agent.kill();
    const before = Number(await arrived());
    await using again: RunningTebus = await startTebus(["run", "tedge-agent"], { configDir: agent.device.configDir });
    expect(await client.exited).toBe(0);
    await runProgram(["cmp", source, join(agent.device.dataDir, "file-transfer/python/crash")]);
    const offsets = client.lines().flatMap((line) => /^HEAD 204 (\d+)$/.exec(line)?.[1] ?? []);
    expect(offsets).toContain(String(before));
    expect(again.stderr()).not.toContain("ERROR");
  }, 60_000);
});

test("files in parts count for files.max_total, and a part for which there is no room is refused", async () => {
  await using agent = await startAgentAtWork({ config: ['files.max_total = "20M"'] });
  const url = `${agent.url}/te/v1/files/f`;
  const put = ["-X", "PUT", "-H", "Upload-Complete: ?0"];
  expect((await headers(...put, "-H", `Upload-Length: ${30 * MIB}`, "--data-binary", "", url)).get("status")).toBe(
    "507",
  );
  const created = await headers(...put, "--data-binary", "", url);
  expect(created.get("upload-limit")).toBe(`max-size=${20 * MIB}, max-age=86400`);
  const upload = `${agent.url}${created.get("location")}`;
  const refused = await runProgram(appending(upload, 0));
  expect(refused).toMatch(/^Not enough room: stored files may take up 20\.0 MiB together.*507$/s);
  const offset = await offsetOf(upload);
  expect(offset).toBeGreaterThan(18 * MIB);
  expect(offset).toBeLessThanOrEqual(20 * MIB);
  const plain = await runToEnd(["curl", "-sS", "-T", source, "-w", "%{http_code}", `${agent.url}/te/v1/files/g`]);
  expect(plain.stdout).toEndWith("507");
}, 30_000);
