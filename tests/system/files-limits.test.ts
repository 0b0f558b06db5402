import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { amongDisksOf, onPrivateDisks } from "./world/private-disks.ts";
import { runProgram, runToEnd, startProgram } from "./world/program.ts";
import { runTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** An agent whose data is on a disk of its own. */
function startOn(disk: string, ...config: readonly string[]): Promise<AgentAtWork> {
  return startAgentAtWork({ config, prefix: ({ dataDir }) => onPrivateDisks({ [dataDir]: disk }) });
}

/** Sends so many zeros and gives body and status of the answer. */
async function upload({ device, url }: AgentAtWork, name: string, size: number, ...options: readonly string[]) {
  const source = join(device.root, "tmp/source");
  await writeFile(source, Buffer.alloc(size));
  const command = ["curl", "-sS", ...options, "-T", source, "-w", " %{http_code}", `${url}/te/v1/files/${name}`];
  return (await runToEnd(command)).stdout;
}

function inStore({ agent, device }: AgentAtWork, script: string): Promise<string> {
  return amongDisksOf(agent.pid, `cd ${join(device.dataDir, "file-transfer")}\n${script}`);
}

const CHUNKED = ["-H", "transfer-encoding: chunked"];

describe("a disk that fills up during an upload", () => {
  test("ends it with 507 and nothing is left of it, and others go on", async () => {
    await using agent = await startOn("size=20m", 'files.max_total = "100%"');
    await writeFile(join(agent.device.root, "tmp/large"), Buffer.alloc(10 * MIB));
    const command = ["curl", "-sS", "--limit-rate", "4M", "-w", " %{http_code}\n"];
    const file = ["-T", join(agent.device.root, "tmp/large"), `${agent.url}/te/v1/files/a/b/large`];
    await using child = startProgram([...command, ...file]);
    await waitUntil(
      "the upload is under way",
      async () => (await inStore(agent, "find . -name '*.part' -size +500k")) !== "",
    );
    await inStore(agent, "head -c 30000000 /dev/zero >../fill || true");
    expect(await child.exited).toBe(0);
    expect(await child.find("the answer", (line) => line)).toBe("Not enough disk space 507");
    expect(await inStore(agent, "find . -mindepth 1")).toBe("");
    expect(linesWith(agent.agent.stderr(), 'Request to upload to "a/b/large" failed: ')[0]).toEndWith(
      "No space left on device (os error 28)",
    );
    await inStore(agent, "rm ../fill");
    await expectAtWork(agent);
    expect(await upload(agent, "a/b/large", 10 * MIB)).toBe(" 201");
  }, 30_000);

  test("is not filled by an upload to the last byte: some room stays for the agent itself", async () => {
    await using agent = await startOn("size=20m", 'files.max_total = "100%"');
    for (const chunked of [[], CHUNKED]) {
      expect(await upload(agent, "large", 19.5 * MIB, ...chunked)).toBe("Not enough disk space 507");
      expect(await inStore(agent, "find . -mindepth 1")).toBe("");
    }
    expect(await upload(agent, "large", 18 * MIB)).toBe(" 201");
  }, 30_000);
});

describe("files.max_total", () => {
  test("is half of the disk unless it is set, and what exceeds it is refused with the reason", async () => {
    await using agent = await startOn("size=8m");
    expect(await upload(agent, "first", 3 * MIB)).toBe(" 201");
    const refusal = (taken: string, more: string) =>
      `Not enough room: stored files may take up 4.0 MiB together (files.max_total), ${taken} are taken, ${more} more are needed 507`;
    expect(await upload(agent, "second/f", 2 * MIB, "-H", "Expect: 100-continue")).toBe(refusal("3.0 MiB", "2.0 MiB"));
    expect(await upload(agent, "second/f", 2 * MIB, ...CHUNKED)).toMatch(/^Not enough room: .* 507$/);
    expect(await inStore(agent, "find . -mindepth 1")).toBe("./first\n");
    // Replaced, it counts once.
    expect(await upload(agent, "first", 4 * MIB)).toBe(" 201");
    // Removed by somebody else, it does not count.
    await inStore(agent, "rm first");
    expect(await upload(agent, "second/f", 4 * MIB)).toBe(" 201");
  });

  test("and files.expire_after are read, checked and shown like all settings", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    const tedge = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await runTebus(["config", ...args], device);
      return code === 0 ? stdout : stderr;
    };
    expect([await tedge("get", "files.max_total"), await tedge("get", "files.expire_after")]).toEqual([
      "50%\n",
      "never\n",
    ]);
    await tedge("set", "files.max_total", "1.5GiB");
    await tedge("set", "files.expire_after", "30d");
    expect([await tedge("get", "files.max_total"), await tedge("get", "files.expire_after")]).toEqual([
      "1.5GiB\n",
      "30d\n",
    ]);
    expect(await tedge("set", "files.max_total", "plenty")).toContain(
      "expected a number of bytes, such as 1048576, 512M",
    );
    expect(await tedge("set", "files.expire_after", "0")).toContain("expected at least 1s, or never");
  });
});

describe("files.expire_after", () => {
  test("removes what was not written to for so long, with its directories, and says so; what is written again stays", async () => {
    await using agent = await startAgentAtWork({ config: ['files.expire_after = "3s"'] });
    await upload(agent, "a/b/old", 10);
    await upload(agent, "a/young", 10);
    const rewrite = setInterval(() => void upload(agent, "a/young", 10), 500);
    try {
      await agent.agent.waitForLog('Removed "a/b/old" because of its age (files.expire_after): last written ');
      expect(await curl(`${agent.url}/te/v1/files/a/young`)).toHaveLength(10);
      const left = await runProgram(["find", join(agent.device.dataDir, "file-transfer"), "-type", "d", "-name", "b"]);
      expect(left).toBe("");
    } finally {
      clearInterval(rewrite);
    }
  }, 20_000);

  test("lets the oldest files go when room is needed", async () => {
    await using agent = await startAgentAtWork({ config: ['files.expire_after = "1d"', 'files.max_total = "100k"'] });
    for (const name of ["first", "second", "third"]) {
      expect(await upload(agent, name, 30 * KIB)).toBe(" 201");
      await Bun.sleep(20);
    }
    expect(await upload(agent, "fourth", 50 * KIB)).toBe(" 201");
    const removed = linesWith(agent.agent.stderr(), "to make room for an upload");
    expect(removed.map((line) => /Removed "(\w+)"/.exec(line)?.[1])).toEqual(["first", "second"]);
  });
});
