import { readdir } from "node:fs/promises";
import type { Clock } from "../base/clock.ts";
import { type Exit, exec } from "../base/exec.ts";
import { type Fault, fault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { quoteText } from "../base/quoted-text.ts";
import { err, ok, type Result } from "../base/result.ts";

/** What the plugin may use of the world. */
export interface AptWorld {
  readonly stdout: (text: string) => void | Promise<void>;
  readonly stderr: (text: string) => void;
  readonly output: (bytes: Uint8Array) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Ends what runs. */
  readonly signal: AbortSignal;
}

/** What becomes of configuration files that were changed on the device. */
export type KeepConfig = "keepold" | "keepnew";

/** Code `apt-failed` for an exit code other than 0, `killed`, `not-launched`; what apt said is on stderr already. */
export type AptFault = Fault<"apt-failed" | "killed" | "not-launched">;

/** Seconds that apt waits for another package manager to be done, such as the automatic upgrades of many systems. */
const LOCK_TIMEOUT = 120;
/** Without a terminal of its own, dpkg stays in our process group, and ends with it. */
const COMMON = ["--quiet", "--yes", "-o", `DPkg::Lock::Timeout=${LOCK_TIMEOUT}`, "-o", "Dpkg::Use-Pty=0"];
const GRACE = 5_000;

/** Installs what is named, and removes what is named with `-` at the end, all or nothing (spec/operations §7.3). */
export function aptInstall(packages: readonly string[], keep: KeepConfig, world: AptWorld) {
  const option = `DPkg::Options::=${configOption(keep)}`;
  const args = [...COMMON, "-o", option, "install", "--allow-downgrades", "--no-install-recommends", "--", ...packages];
  return runLoudly("apt-get", args, world);
}

export function aptRemove(name: string, world: AptWorld) {
  return runLoudly("apt-get", [...COMMON, "remove", "--", name], world);
}

export function aptAutoremove(world: AptWorld) {
  return runLoudly("apt-get", [...COMMON, "autoremove"], world);
}

/** Reads what the repositories have now. What a loss of power left half done is done first: apt would refuse everything else. */
export async function aptUpdate(keep: KeepConfig, world: AptWorld): Promise<Result<undefined, AptFault>> {
  if (await isHalfDone()) {
    const repaired = await runLoudly("dpkg", [configOption(keep), "--configure", "-a"], world);
    if (!repaired.ok) world.stderr("An interrupted installation could not be completed\n");
  }
  return await runLoudly("apt-get", [...COMMON, "update"], world);
}

/** Where dpkg notes steps that are not in its database yet; `dpkg --configure -a` empties it. */
const JOURNAL = "/var/lib/dpkg/updates";

async function isHalfDone(): Promise<boolean> {
  const names = await readdir(JOURNAL).catch(() => []);
  return names.some((name) => /^\d+$/.test(name));
}

function configOption(keep: KeepConfig): string {
  return keep === "keepold" ? "--force-confold" : "--force-confnew";
}

/** Runs a program whose output is ours. */
async function runLoudly(
  program: string,
  args: readonly string[],
  world: AptWorld,
): Promise<Result<undefined, AptFault>> {
  await world.stdout(`Executing command: ${[program, ...args].map(quoteText).join(" ")}\n`);
  const ran = await runQuietly(program, args, world, async (bytes) => {
    world.output(bytes);
    return true;
  });
  if (!ran.ok) return ran;
  world.stderr(new TextDecoder().decode(ran.value.stderr));
  const { value: exit } = ran;
  if (exit.kind === "killed") return err(fault("killed", "Interrupted by a signal!"));
  return exit.code === 0 ? ok() : err(fault("apt-failed", `${program} ended with exit code ${exit.code}`));
}

/** Runs a program in this process group and gives how it ended. Code `not-launched`. */
export async function runQuietly(
  program: string,
  args: readonly string[],
  { environment, clock, signal }: AptWorld,
  onStdout?: (bytes: Uint8Array) => Promise<boolean>,
): Promise<Result<Exit, Fault<"not-launched">>> {
  const ran = await exec(program, args, {
    clock,
    signal,
    grace: GRACE,
    sharesGroup: true,
    outputLimit: MOST_OUTPUT,
    env: { ...environment, DEBIAN_FRONTEND: "noninteractive" },
    ...(onStdout === undefined ? {} : { onStdout }),
  });
  if (ran.ok) return ran;
  return err(fault("not-launched", `Fail to run \`${program}\`: ${osErrorText(ran.fault)}`));
}

const MOST_OUTPUT = 32 * 1024 * 1024;

/** How dpkg is asked for fields of packages: a line of tab-separated values for each. */
export function fieldsFormat(names: readonly string[]): string {
  return `--showformat=${names.map((name) => `\${${name}}`).join("\\t")}\\n`;
}
