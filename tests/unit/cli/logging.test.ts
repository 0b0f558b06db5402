import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-logging-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function logged(files: Record<string, string>, env: Record<string, string> = {}, ...args: string[]) {
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "log-lines.ts"), directory, ...args], {
    env: { PATH: process.env.PATH ?? "", INVOCATION_ID: "x", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(child.stdout).text()).toBe("");
  return (await new Response(child.stderr).text()).trimEnd().split("\n");
}

const lines = (round: string, ...levels: string[]) =>
  levels.map((level) => `${level.toUpperCase().padStart(5)} tedge_agent: ${round} ${level}`);

test("under systemd lines have no timestamp; elsewhere they begin with one in UTC", async () => {
  const [plain] = await logged({});
  expect(plain).toBe("ERROR tedge_agent: first error");
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "log-lines.ts"), directory], {
    env: {},
    stderr: "pipe",
  });
  const [timed] = (await new Response(child.stderr).text()).split("\n");
  expect(timed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ERROR tedge_agent: first error$/);
});

test("the levels of system.toml are read at the start and again on request", async () => {
  const files = { "system.toml": 'log.tedge-agent = "error"', "next.toml": 'log.tedge = "DEBUG"' };
  expect(await logged(files)).toEqual([
    ...lines("first", "error"),
    " INFO tedge-agent: log levels reloaded",
    ...lines("second", "error", "warn", "info", "debug"),
  ]);
});

test("a broken system.toml is told at the start, and later keeps the levels there were", async () => {
  const start = await logged({ "system.toml": "= broken" });
  expect(start[0]).toStartWith(" WARN tedge-agent: going on with the default log levels: Toml syntax error");
  expect(start).toEqual(expect.arrayContaining(lines("first", "error", "warn", "info")));
  const later = await logged({ "system.toml": 'log.tedge-agent = "warn"', "next.toml": "= broken" });
  expect(later.slice(0, 2)).toEqual(lines("first", "error", "warn"));
  expect(later[2]).toStartWith(
    "ERROR tedge-agent: failed to reload log levels; keeping current levels: Toml syntax error",
  );
  expect(later.slice(-2)).toEqual(lines("second", "error", "warn"));
});

test("levels of the command line or of RUST_LOG are fixed", async () => {
  const files = { "system.toml": 'log.tedge-agent = "error"' };
  const fixed = " INFO tedge-agent: log levels are fixed by --log-level/--debug/RUST_LOG; ignoring";
  const levels = ["error", "warn", "info", "debug"];
  expect(await logged(files, {}, "debug")).toEqual([
    ...lines("first", ...levels),
    fixed,
    ...lines("second", ...levels),
  ]);
  expect(await logged(files, { RUST_LOG: "info" })).toContain(fixed);
});
