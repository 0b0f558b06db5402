import { afterEach, beforeEach, expect, test } from "bun:test";
import { exec } from "../../../../src/base/exec.ts";
import { createSelfUpdate } from "../../../../src/operations/software/self-update.ts";
import { simulatedClock } from "../../../sim/simulated-clock.ts";
import { waitUntil } from "../../../system/world/wait-until.ts";
import { PluginFolder } from "../plugins/plugin-folder.ts";

let folder: PluginFolder;

beforeEach(() => {
  folder = new PluginFolder();
});

afterEach(() => folder.dispose());

function world(script: string) {
  const clock = simulatedClock();
  const restarts: string[] = [];
  const stop = new AbortController();
  const look = createSelfUpdate({
    program: folder.add("tedge-agent", script),
    version: "1.0.0",
    exec,
    clock,
    log: folder.log,
    signal: stop.signal,
    restart: (reason) => restarts.push(reason),
  });
  return { clock, restarts, stop, look };
}

test("another version beside us has the process start anew, five seconds later and once", async () => {
  const { clock, restarts, look } = world('[ "$1" = --version ] && echo "tedge-agent 1.0.1"');
  const looks = Promise.all([look(), look()]);
  await waitUntil("the version is known", () => folder.messages.length > 0);
  await clock.advance(4_999);
  expect(restarts).toEqual([]);
  await clock.advance(1);
  await looks;
  expect(restarts).toEqual(["tedge-agent 1.0.1 was installed over 1.0.0"]);
});

test.each([
  ["our own version", "echo tedge-agent 1.0.0"],
  ["no version", "echo hello"],
  ["a failure", "echo tedge-agent 1.0.1; exit 1"],
  ["a signal", "kill -9 $$"],
])("%s is no reason", async (_what, script) => {
  const { restarts, look } = world(script);
  await look();
  expect(restarts).toEqual([]);
});

test("an agent that stops meanwhile is not started anew", async () => {
  const { restarts, look, stop } = world("echo tedge-agent 2");
  const looking = look();
  await waitUntil("the version is known", () => folder.messages.length > 0);
  stop.abort();
  await looking;
  expect(restarts).toEqual([]);
});
