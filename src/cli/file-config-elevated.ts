import type { Clock } from "../base/clock.ts";
import { exec } from "../base/exec.ts";
import { describeFault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Sudo } from "../base/sudo.ts";
import type { Ownership, TedgeWriteArgs } from "./tedge-write.ts";

/** Writing files with more rights than this process has (spec/cli-and-config §10.2, §10.3). */
export interface Elevated {
  /** Runs `[sudo -n] tedge-write …`; a file gets the content of `source`. Code `not-elevated` when there are no more rights to have. */
  write(args: TedgeWriteArgs, source?: string): Promise<Result<undefined>>;
}

export interface ElevatedOptions {
  /** Name or path of `tedge-write`. */
  readonly program: string;
  readonly sudo: Sudo;
  /** This process is root's already. */
  readonly isRoot: boolean;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const TIMEOUT = 240_000;

export function createElevated({ program, sudo, isRoot, signal, clock }: ElevatedOptions): Elevated {
  return {
    async write(args, source) {
      if (isRoot) return err(fault("not-elevated", "This process is root's"));
      const command = await sudo.wrap([program, ...argumentsOf(args)]);
      // The shell opens the file: its content goes past this process.
      const words = source === undefined ? command : (["sh", "-c", 'exec "$@" <"$0"', source, ...command] as const);
      const [first, ...rest] = words;
      const ran = await exec(first, rest, { clock, signal, timeout: TIMEOUT, grace: 5_000, outputLimit: 64 * 1024 });
      if (!ran.ok) return err(fault("write-failed", describeFault(ran.fault)));
      const { value } = ran;
      if (value.kind === "exited" && value.code === 0) return ok();
      const how = value.kind === "exited" ? `exit code ${value.code}` : `killed by signal ${value.signal}`;
      const said = new TextDecoder().decode(value.stderr).trim();
      return err(fault("write-failed", `${command.join(" ")}: ${said === "" ? how : said}`));
    },
  };
}

function argumentsOf({ destination, createDirsOnly, file, parent }: TedgeWriteArgs): readonly string[] {
  if (createDirsOnly) return [destination, "--create-dirs-only", ...options(parent, "--parent-")];
  return [destination, ...options(file, "--")];
}

function options({ mode, user, group }: Ownership, prefix: string): readonly string[] {
  return Object.entries({ mode, user, group }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${prefix}${name}`, value],
  );
}
