import { sleep } from "../../base/clock.ts";
import type { ExecOptions, exec } from "../../base/exec.ts";
import { fault } from "../../base/fault.ts";
import { err } from "../../base/result.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import type { ScriptResult } from "./script-result.ts";

/** How a process is started; the simulation brings its own. */
export type Exec = typeof exec;

export interface ProgramLimits extends Omit<ExecOptions, "timeout" | "signal"> {
  /** Milliseconds until the process group is asked to end. */
  readonly timeout?: number | undefined;
  /** Milliseconds that it gets to do so. Default: 60 s, or timeout/20 if that is more. */
  readonly grace?: number;
  /** Aborting it is like the timeout passing. */
  readonly signal: AbortSignal;
  readonly exec: Exec;
}

const SHORTEST_GRACE = 60_000;
/** A process that SIGKILL does not end within this time is left alone. */
const AFTER_KILL = 2_000;

/** Runs a script: SIGTERM at the timeout, SIGKILL after a further max(60 s, timeout/20), both to the whole group (spec/operations §4.2, §15). */
export function runProgram([program, ...args]: CommandLine, limits: ProgramLimits): Promise<ScriptResult> {
  const { timeout, exec: start, ...options } = limits;
  const { signal, clock, grace = Math.max(SHORTEST_GRACE, (timeout ?? 0) / 20) } = options;
  const finished = new AbortController();
  const run = start(program, args, { ...options, grace, ...(timeout === undefined ? {} : { timeout }) }).finally(() =>
    finished.abort(),
  );
  return Promise.race([run, giveUp()]);

  async function giveUp(): Promise<ScriptResult> {
    const either = AbortSignal.any([signal, finished.signal]);
    await (timeout === undefined ? aborted(either) : sleep(clock, timeout, either));
    await sleep(clock, grace + AFTER_KILL, finished.signal);
    return finished.signal.aborted ? run : err(fault("launch-failed", `${program} cannot be ended`));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
