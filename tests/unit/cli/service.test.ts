import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { service } from "../../../src/cli/service.ts";

let root: string;
let plugins: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tebus-service-"));
  plugins = join(root, "service-plugins");
  await mkdir(plugins, { mode: 0o755 });
  await script(
    "manager",
    `[ "$1" = fail ] && { echo "no such unit" >&2; exit 5; }; [ "$1" = die ] && kill -9 $$; true`,
  );
  const verbs = ["restart", "start", "stop", "enable", "disable", "is_active"];
  await writeFile(
    join(root, "system.toml"),
    [
      "[init]",
      'name = "stub"',
      `is_available = ["${root}/manager"]`,
      ...verbs.map((verb) => `${verb} = ["${root}/manager", "${verb === "stop" ? "fail" : verb}", "unit-{}"]`),
      "[service_actions]",
      `reload = ["${root}/manager", "reload", "{}"]`,
      `die = ["${root}/manager", "die", "{}"]`,
      `missing = ["${root}/nothing", "{}"]`,
      'odd = ["true"]',
    ].join("\n"),
  );
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function script(path: string, lines: string, mode = 0o755): Promise<void> {
  await writeFile(join(root, path), `#!/bin/sh\necho "$*" >> "${root}/calls"\n${lines}\n`);
  await chmod(join(root, path), mode);
}

const calls = () => readFile(join(root, "calls"), "utf8").catch(() => "");

async function run(action: string, name = "collectd", type = "service") {
  let stderr = "";
  const context = {
    configDirectory: root,
    pluginDirectory: plugins,
    clock: systemClock,
    signal: new AbortController().signal,
  };
  const outcome = await service({ ...context, stderr: (text) => (stderr += text) }, { action, service: name, type });
  return { exit: outcome.kind === "done" ? (outcome.exit ?? 0) : outcome.kind, stderr };
}

describe("tedge service", () => {
  test.each([
    ["start", "start unit-collectd\n"],
    ["restart", "restart unit-collectd\n"],
    ["enable", "enable unit-collectd\n"],
    ["disable", "disable unit-collectd\n"],
    ["reload", "reload collectd\n"],
  ])("%s runs the command of system.toml", async (action, called) => {
    expect(await run(action)).toEqual({ exit: 0, stderr: "" });
    expect(await calls()).toBe(called);
  });

  test.each([
    ["stop", 1, /^Error: Service command <".*\/manager fail unit-collectd"> failed with exit code 5: no such unit\n$/],
    ["die", 1, /^Error: Service command <".*\/manager die collectd"> was killed by signal 9\n$/],
    ["missing", 1, /^Error: Service command <".*\/nothing collectd"> not found\.\nCheck '.*system\.toml' file\.\n$/],
    ["odd", 1, /A placeholder '\{\}' is missing\./],
    [
      "pause",
      2,
      /^Error: The action 'pause' is not supported: system\.toml has no entry 'pause' in \[service_actions\]\n$/,
    ],
    ["is_active", 2, /is not supported/],
    ["constructor", 2, /is not supported/],
    ["re load", 1, /^Error: Invalid action: "re load"\n$/],
  ])("%s fails with exit %p", async (action, exit, message) => {
    const ended = await run(action);
    expect(ended.exit).toBe(exit);
    expect(ended.stderr).toMatch(message);
  });

  test("refuses to stop the agent, and runs nothing", async () => {
    expect(await run("stop", "tedge-agent")).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("Refusing to stop"),
    });
    expect(await calls()).toBe("");
  });

  test("fails with a broken system.toml", async () => {
    await writeFile(join(root, "system.toml"), "[init");
    expect(await run("start")).toMatchObject({ exit: 1, stderr: expect.stringContaining("Toml syntax error") });
  });
});

describe("tedge service for another type", () => {
  test("hands the action to the plugin of that name", async () => {
    await script("service-plugins/container", "");
    expect(await run("pause", "nodered", "container")).toEqual({ exit: 0, stderr: "" });
    expect(await calls()).toBe("pause nodered\n");
  });

  test("tells what the plugin said, and apart what it does not support", async () => {
    await script("service-plugins/container", 'echo "no docker" >&2; exit 1');
    expect(await run("start", "nodered", "container")).toEqual({
      exit: 1,
      stderr: "Error: The service plugin 'container' failed with exit code 1: no docker\n",
    });
    await script("service-plugins/container", "exit 2");
    expect(await run("pause", "nodered", "container")).toEqual({
      exit: 2,
      stderr: "Error: The service plugin 'container' does not support the action 'pause'\n",
    });
  });

  test("is not supported without a plugin", async () => {
    expect(await run("start", "nodered", "container")).toEqual({
      exit: 2,
      stderr: `Error: There is no service plugin ${plugins}/container\n`,
    });
  });

  test("fails for a plugin that cannot be run", async () => {
    await script("service-plugins/container", "", 0o644);
    expect(await run("start", "nodered", "container")).toMatchObject({ exit: 1 });
    expect(await calls()).toBe("");
  });

  test.if(process.getuid?.() === 0)("does not run as root what others can change", async () => {
    await script("service-plugins/container", "", 0o775);
    expect(await run("start", "nodered", "container")).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("can be changed by others than root"),
    });
    await chmod(join(plugins, "container"), 0o755);
    await chmod(plugins, 0o777);
    expect(await run("start", "nodered", "container")).toMatchObject({ exit: 1 });
    expect(await calls()).toBe("");
  });
});
