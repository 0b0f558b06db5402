import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { runExecutable } from "../../../src/cli/run-executable.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tebus-file-plugin-"));
  mkdirSync(join(directory, "plugins"));
  writeFileSync(join(directory, "new"), "new");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function list(members: string): void {
  const text = `[[files]]\npath = "${join(directory, "app")}"\ntype = "app"\n${members}\n`;
  writeFileSync(join(directory, "plugins", "tedge-configuration-plugin.toml"), text);
}

async function run(...args: readonly string[]) {
  let stdout = "";
  let stderr = "";
  const code = await runExecutable("tedge-file-config-plugin", args, {
    environment: { TEDGE_CONFIG_DIR: directory, RUST_LOG: "error" },
    stdout: (text) => {
      stdout += text;
    },
    output: (bytes) => {
      stdout += new TextDecoder().decode(bytes);
    },
    stderr: (text) => {
      stderr += text;
    },
    clock: systemClock,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

const withWorkDir = (...args: readonly string[]) => run(...args, "--work-dir", directory);

test("the plugin lists types, one a line", async () => {
  list("");
  expect(await run("list")).toEqual({ code: 0, stdout: "app\ntedge-configuration-plugin\n", stderr: "" });
});

test("the plugin sets a file and gets it back, and prints nothing else", async () => {
  list("");
  expect(await withWorkDir("prepare", "app", join(directory, "new"))).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await withWorkDir("set", "app", join(directory, "new"))).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await run("get", "app")).toEqual({ code: 0, stdout: "new", stderr: "" });
  expect(await withWorkDir("verify", "app")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await withWorkDir("rollback", "app")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(readFileSync(join(directory, "app"), "utf8")).toBe("new");
});

test("the plugin tells the workflow that the agent has to be restarted", async () => {
  list('service = "tedge-agent"');
  const stdout = ':::begin-tedge:::\n{"restartAgent":true}\n:::end-tedge:::\n';
  expect(await withWorkDir("set", "app", join(directory, "new"))).toEqual({ code: 0, stdout, stderr: "" });
});

test("a failure is exit code 1 and the bare reason on stderr", async () => {
  list("");
  const stderr = "The requested config_type other is not defined in the plugin configuration file.\n";
  expect(await run("get", "other")).toEqual({ code: 1, stdout: "", stderr });
  expect(await withWorkDir("set", "other", join(directory, "new"))).toEqual({ code: 1, stdout: "", stderr });
});

test("a call that the plugin does not know is exit code 2", async () => {
  expect((await run("frobnicate")).code).toBe(2);
  expect((await run("get")).code).toBe(2);
  expect((await run("set", "app", join(directory, "new"))).code).toBe(2);
});
