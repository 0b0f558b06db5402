import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Clock } from "./clock.ts";
import { exec, type GroupSignal } from "./exec.ts";

/** Runs programs with the rights that the machine's owner grants in `sudoers`, where that is wanted and possible (spec/operations §7.3). */
export interface Sudo {
  /** The command with `sudo -n` in front, or as it is when `sudo.enable` is false or there is no `sudo`. */
  wrap(command: readonly [string, ...string[]]): Promise<readonly [string, ...string[]]>;
}

export interface SudoOptions {
  /** `sudo.enable` */
  readonly enabled: boolean;
  /** `PATH` of this process. */
  readonly path: string | undefined;
}

export function createSudo({ enabled, path }: SudoOptions): Sudo {
  return {
    wrap: async (command) => (enabled && (await isInPath("sudo", path)) ? ["sudo", "-n", ...command] : command),
  };
}

/** Whether a program of this name would be found and may be executed. */
export async function isInPath(program: string, path: string | undefined): Promise<boolean> {
  for (const directory of (path ?? "").split(":")) {
    if (!isAbsolute(directory)) continue;
    const found = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}

/** How many milliseconds a signal may take to be sent. */
const SIGNAL_TIMEOUT = 10_000;

/**
 * `exec` that can also end programs which run as root by `sudo`: it has `sudo tedge signal-group` send the signal, which the sudoers rules of
 * the package permit. Where they do not, such a program goes on, as nobody but root can end it.
 */
export const execWithSudo: typeof exec = (program, args, options) => {
  return exec(program, args, {
    signalForeign: (group, signal) => signalBySudo(group, signal, options.clock),
    ...options,
  });
};

function signalBySudo(group: number, signal: GroupSignal, clock: Clock): void {
  void exec("sudo", ["-n", "tedge", "signal-group", String(group), signal], {
    clock,
    timeout: SIGNAL_TIMEOUT,
    grace: 1_000,
  });
}
