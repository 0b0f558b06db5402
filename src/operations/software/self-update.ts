import { type Clock, sleep } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Exec } from "../steps/run-program.ts";

export interface SelfUpdateOptions {
  /** The agent's program beside the executable that runs: `/usr/bin/tedge-agent`. */
  readonly program: string;
  /** What runs now. */
  readonly version: string;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing happens any more once it is aborted. */
  readonly signal: AbortSignal;
  /** Has the process end with an error, so that its service manager starts the new program. */
  readonly restart: (reason: string) => void;
}

/** The final state of the command gets out meanwhile, milliseconds. */
const DELAY = 5_000;
const ASK_TIMEOUT = 10_000;

/**
 * Looks, after a software operation, whether this very program was exchanged, and has the process start anew 5 s later if so. A program that
 * does not tell its version is left alone (spec/operations §7.4).
 */
export function createSelfUpdate(options: SelfUpdateOptions): () => Promise<void> {
  const { program, version, exec, clock, log, signal } = options;
  let looking = false;
  return async () => {
    if (looking || signal.aborted) return;
    looking = true;
    try {
      const asked = await exec(program, ["--version"], { clock, signal, timeout: ASK_TIMEOUT, grace: 1_000 });
      if (!asked.ok || asked.value.kind !== "exited" || asked.value.code !== 0) return;
      const installed = /^tedge-agent (\S+)\s*$/.exec(new TextDecoder().decode(asked.value.stdout))?.[1];
      if (installed === undefined || installed === version) return;
      log.info(`tedge-agent ${installed} was installed over ${version}: starting anew`);
      await sleep(clock, DELAY, signal);
      if (!signal.aborted) options.restart(`tedge-agent ${installed} was installed over ${version}`);
    } finally {
      looking = false;
    }
  };
}
