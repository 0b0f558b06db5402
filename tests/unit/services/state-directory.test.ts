import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFault } from "../../../src/base/fault.ts";
import type { Log } from "../../../src/base/log.ts";
import { chooseStateDirectory } from "../../../src/services/state-directory.ts";

let directory: string;
let lines: string[];

const log: Log = {
  error: (text, fault) => void lines.push(`error ${text}${fault === undefined ? "" : `: ${describeFault(fault)}`}`),
  warn: (text, fault) => void lines.push(`warn ${text}${fault === undefined ? "" : `: ${describeFault(fault)}`}`),
  info: () => undefined,
  debug: () => undefined,
  trace: () => undefined,
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-state-"));
  lines = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const inside = (name: string) => join(directory, name);

test("agent.state.path is taken when it can be written in, and nothing is left in it", async () => {
  await mkdir(inside("state"));
  expect(await chooseStateDirectory(inside("state"), inside("etc"), log)).toEqual({ ok: true, value: inside("state") });
  expect(await readdir(inside("state"))).toEqual([]);
  expect(lines).toEqual([]);
});

test("a missing agent.state.path is not made: .agent of the configuration directory is taken, and both are told", async () => {
  const chosen = await chooseStateDirectory(inside("state"), inside("etc"), log);
  expect(chosen).toEqual({ ok: true, value: inside("etc/.agent") });
  expect(await readdir(directory)).toEqual(["etc"]);
  expect(lines).toEqual([
    `warn The agent's state is kept in ${inside("etc/.agent")}, since agent.state.path cannot be used: ${inside("state")} is not a directory`,
  ]);
});

test("a fault says of both directories why they cannot be used, and what to do", async () => {
  await writeFile(inside("etc"), "");
  const chosen = await chooseStateDirectory(inside("state"), inside("etc"), log);
  expect(chosen.ok ? "" : describeFault(chosen.fault)).toMatch(
    /^The agent cannot keep its state: make agent\.state\.path a directory that the agent can write in: Cannot write in .*\/etc\/\.agent: Not a directory \(os error 20\)$/,
  );
  expect(lines).toEqual([`error agent.state.path cannot be used: ${inside("state")} is not a directory`]);
});
