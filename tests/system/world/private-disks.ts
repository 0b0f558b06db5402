import { tmpdir } from "node:os";
import { type Finished, runProgram, runToEnd } from "./program.ts";

/**
 * Words that, put before a program, give it small file systems in memory on directories: nobody else sees them, and they go with it.
 * `disks` has the mount options (`size=64k`, `ro`) by directory. Needs root, or user namespaces; throws otherwise.
 */
export async function onPrivateDisks(disks: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await requireMounts();
  const mounts = Object.entries(disks).map(
    ([directory, options]) => `mount -t tmpfs -o ${options} tmpfs '${directory}'`,
  );
  return [...NAMESPACE, "sh", "-euc", `${mounts.join("\n")}\nexec "$@"`, "sh"];
}

/** Runs a shell script where the program with this process id sees its private disks. */
export async function amongDisksOf(pid: number, script: string): Promise<string> {
  return runProgram([
    "nsenter",
    `--target=${pid}`,
    ...(IS_ROOT ? [] : ["--user", "--preserve-credentials"]),
    "--mount",
    "sh",
    "-euc",
    script,
  ]);
}

const IS_ROOT = process.getuid?.() === 0;
const NAMESPACE = ["unshare", ...(IS_ROOT ? [] : ["--user", "--map-root-user"]), "--mount"];

async function requireMounts(): Promise<void> {
  const tried: Finished = await runToEnd([...NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", tmpdir()]);
  if (tried.code === 0) return;
  throw new Error(
    `This test mounts small disks that only tebus sees: run it as root, or allow user namespaces. ${tried.stderr}`,
  );
}
