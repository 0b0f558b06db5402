import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

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
