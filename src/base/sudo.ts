import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Clock } from "./clock.ts";
import { exec, type GroupSignal } from "./exec.ts";
import { type GroupMember, groupMembers } from "./process-group.ts";

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
async function isInPath(program: string, path: string | undefined): Promise<boolean> {
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

/**
 * `exec` that also ends what a program started by `sudo`, which only root may signal: `sudo tedge signal-group` does it, as the sudoers rules of
 * the package permit. Where they do not, such processes go on.
 */
export const execWithSudo: typeof exec = (program, args, options) => {
  const signalForeign = (group: number, signal: GroupSignal) => void signalBySudo(group, signal, options.clock);
  return exec(program, args, { signalForeign, ...options });
};

/** How many milliseconds it may take. */
const SIGNAL_TIMEOUT = 10_000;

async function signalBySudo(group: number, signal: GroupSignal, clock: Clock): Promise<void> {
  const isForeign = (process: GroupMember) => process.effectiveUser !== ownUser();
  if (ownUser() === 0 || !(await groupMembers(group)).some(isForeign)) return;
  const args = ["-n", "tedge", "signal-group", String(group), signal];
  await exec("sudo", args, { clock, timeout: SIGNAL_TIMEOUT, grace: 1_000 });
}

function ownUser(): number {
  return process.getuid?.() ?? 0;
}
