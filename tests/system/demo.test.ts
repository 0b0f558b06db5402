import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../build/targets.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const SEEN = [
  "the agent reports itself up",
  "the bridge to the cloud reports itself up",
  "the child device is in the digital twin",
  "readings of the child arrive at the cloud",
  "an alarm of the child arrives at the cloud",
  "the alarm is cleared at the cloud",
  "a configuration file is available on the file transfer service",
  "the child downloaded the file, applied it, and the cloud was told",
  "a workflow ran a script on the gateway, and the cloud was told",
];

describe.concurrent("the demo", () => {
  test("of the executable shows everything that it promises, ends by itself and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await runTebus(["demo", "--for", "20s"], { timeout: 50_000 });
    expect(stderr).toBe("");
    for (const check of SEEN) expect(stdout).toContain(`✓        ${check}`);
    expect(stdout).toContain("Ended cleanly. Everything was seen to work.");
    expect(code).toBe(0);
    const [, folder = ""] = /files\s+(\S+tebus-demo-\S+)/.exec(stdout) ?? [];
    expect(folder).not.toBe("");
    expect(existsSync(folder)).toBe(false);
  }, 60_000);

  test("of the sources runs under Deno as well", async () => {
    const deno = join(REPOSITORY, "node_modules/.bin/deno");
    const main = join(REPOSITORY, "src/main.ts");
    const child = Bun.spawn([deno, "run", "-A", main, "demo", "--for", "20s"], { stdout: "pipe", stderr: "pipe" });
    const [stdout, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    for (const check of SEEN) expect(stdout).toContain(`✓        ${check}`);
    expect(code).toBe(0);
  }, 60_000);

  test("ends cleanly on Ctrl-C, and says when its ports are taken", async () => {
    const first = await startTebus(["demo"]);
    const second = await startTebus(["demo"]);
    try {
      for (const demo of [first, second]) {
        await waitUntil("the demo runs", () => demo.stdout().includes("Ctrl-C ends it."), { timeout: 20_000 });
      }
      expect(`${first.stdout()}${second.stdout()}`).toMatch(/port 1883 is taken on this machine, the bus is on \d+/);
      first.signal("SIGINT");
      second.signal("SIGINT");
      expect(await first.exited).toBe(0);
      expect(await second.exited).toBe(0);
    } finally {
      await first.kill();
      await second.kill();
    }
  }, 60_000);
});
