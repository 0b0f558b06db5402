import { expect, test } from "bun:test";
import type { Clock } from "../../../../src/base/clock.ts";
import { ok } from "../../../../src/base/result.ts";
import { type Exec, runProgram } from "../../../../src/operations/steps/run-program.ts";

/** A clock whose timers fire when they are asked to, and tell their lengths. */
function manualClock() {
  const timers: { readonly length: number; readonly fire: () => void }[] = [];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after(length, fire) {
      const timer = { length, fire };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, 1);
    },
  };
  const pass = async (length: number) => {
    for (const timer of timers.filter((one) => one.length === length)) timer.fire();
    await Promise.resolve();
  };
  return { clock, timers, pass };
}

test.each([
  [undefined, 60_000],
  [30_000, 60_000],
  [3_600_000, 180_000],
])("with a timeout of %p a process has %p to end by itself", async (timeout, grace) => {
  let asked: number | undefined;
  const exec: Exec = async (_program, _args, options) => {
    asked = options.grace;
    return ok({ kind: "exited", code: 0, stdout: new Uint8Array(0), stderr: new Uint8Array(0) });
  };
  const { clock, timers } = manualClock();
  const signal = new AbortController().signal;
  const result = await runProgram(["x"], { timeout, signal, clock, exec });
  expect(result.ok).toBe(true);
  expect(asked).toBe(grace);
  await Promise.resolve();
  expect(timers).toEqual([]);
});

test("a process that nothing ends is given up", async () => {
  const exec: Exec = () => new Promise(() => undefined);
  const { clock, pass } = manualClock();
  const run = runProgram(["x"], { timeout: 1_000, signal: new AbortController().signal, clock, exec });
  await pass(1_000);
  await pass(62_000);
  const result = await run;
  expect(result.ok ? "" : result.fault.message).toBe("x cannot be ended");
});

test("so is one that nothing ends after it was aborted", async () => {
  const exec: Exec = () => new Promise(() => undefined);
  const { clock, pass } = manualClock();
  const stop = new AbortController();
  const run = runProgram(["x"], { signal: stop.signal, clock, exec });
  stop.abort();
  await Promise.resolve();
  await pass(62_000);
  expect((await run).ok).toBe(false);
});
