import { describe, expect, test } from "bun:test";
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { thirdPartyLicenses } from "../../../build/licenses.ts";
import { hostTarget, parseTargets, REPOSITORY, TARGETS } from "../../../build/targets.ts";
import { addTallies, parseReport } from "../../../build/test-run.ts";
import { debianVersion } from "../../../build/version.ts";
import { executable } from "../world/executable.ts";
import { hostRelease } from "../world/release.ts";
import { runTebus } from "../world/run-tebus.ts";
import { tempDir } from "../world/temp-dir.ts";

describe("the gate", () => {
  test("counts what a report says, skipped tests as neither", () => {
    expect(
      parseReport('<?xml version="1.0"?>\n<testsuites name="bun test" tests="9" failures="2" skipped="3" time="1">'),
    ).toEqual({
      passed: 4,
      failed: 2,
    });
  });

  test("counts a report that is none as a failure", () => {
    expect(parseReport("")).toEqual({ passed: 0, failed: 1 });
  });

  test("adds up its runs", () => {
    expect(addTallies({ passed: 1, failed: 2 }, { passed: 10, failed: 20 })).toEqual({ passed: 11, failed: 22 });
  });
});

describe("targets", () => {
  test("are chosen by name, all, or the one of this machine", () => {
    expect(parseTargets("all")).toEqual(TARGETS);
    expect(parseTargets("linux-arm64")).toEqual(["linux-arm64"]);
    expect(parseTargets("host")).toEqual([hostTarget()]);
  });

  test("that do not exist are refused by name", () => {
    expect(() => parseTargets("linux-armv7")).toThrow("Unknown target linux-armv7: host, all, linux-x64");
  });
});

test("a pre-release comes before its release in Debian's order too", async () => {
  expect(debianVersion("1.0.0-rc.1")).toBe("1.0.0~rc.1");
  expect(
    await exitCode(["dpkg", "--compare-versions", debianVersion("1.0.0-rc.1"), "lt", debianVersion("1.0.0")]),
  ).toBe(0);
});

describe("the licences", () => {
  test("name the runtime and each package of which a file was bundled, with its text", async () => {
    const text = await thirdPartyLicenses([
      join(REPOSITORY, "src/main.ts"),
      join(REPOSITORY, "node_modules/valibot/dist/index.mjs"),
      join(REPOSITORY, "node_modules/@logtape/logtape/dist/mod.js"),
    ]);
    expect(text).toContain(`Bun ${Bun.version}`);
    expect(text).toMatch(/^valibot \S+ \(MIT\)$/m);
    expect(text).toMatch(/^@logtape\/logtape \S+ \(MIT\)$/m);
    expect(text).toContain((await readFile(join(REPOSITORY, "node_modules/valibot/LICENSE.md"), "utf8")).trim());
    expect(text).not.toMatch(/^hono /m);
  });

  test("of the product are those of what is inside, and of no tool", async () => {
    const text = await readFile(join(await hostRelease(), "THIRD-PARTY-LICENSES"), "utf8");
    expect(text).toMatch(/^mqtt \S+ \(MIT\)$/m);
    expect(text).not.toMatch(/^(typescript|fast-check|deno|@biomejs\/biome|dependency-cruiser) /m);
  });
});

describe("the executable", () => {
  test("takes nothing from the directory that it is started in", async () => {
    await using directory = await tempDir("cwd");
    await mkdir(join(directory.path, "etc"));
    await writeFile(join(directory.path, ".env"), "TEDGE_DEVICE_TYPE=planted\n");
    await writeFile(join(directory.path, "bunfig.toml"), 'preload = ["./planted.ts"]\n');
    await writeFile(join(directory.path, "planted.ts"), "console.log('planted'); process.exit(3);\n");
    const configDir = join(directory.path, "etc");
    const done = await runTebus(["config", "get", "device.type"], { cwd: directory.path, configDir });
    expect(done).toEqual({ code: 0, stdout: "thin-edge.io\n", stderr: "" });
  });

  test("is one file", async () => {
    await using directory = await tempDir("alone");
    const alone = join(directory.path, "other-name");
    await copyFile(await executable(), alone);
    await chmod(alone, 0o755);
    expect(await runTebus(["tedge", "--version"], { executable: alone, name: "other-name" })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
});

async function exitCode(command: readonly string[]): Promise<number> {
  return Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] }).exited;
}
