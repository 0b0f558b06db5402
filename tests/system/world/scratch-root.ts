import { join } from "node:path";
import { endProcess, readOutput } from "./process-output.ts";
import type { Finished } from "./program.ts";
import { tempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

export interface ScratchRootOptions {
  /** Directories of this machine that are seen inside, by their path inside. */
  readonly bind?: Readonly<Record<string, string>>;
}

/**
 * A copy of this machine's root file system that costs nothing (an overlay in memory) and is thrown away, with processes of its own.
 * Packages can be installed, users made, services started in it, without a trace outside. The network is this machine's.
 */
export interface ScratchRoot extends AsyncDisposable {
  /** Runs a POSIX shell script as root inside. `environment` replaces variables. */
  sh(script: string, environment?: Readonly<Record<string, string>>): Promise<Finished>;
  dispose(): Promise<void>;
}

/** Needs root, or sudo that asks no password; throws what the kernel says otherwise. */
export async function scratchRoot(options: ScratchRootOptions = {}): Promise<ScratchRoot> {
  const mountPoint = await tempDir("root");
  const binds = Object.entries(options.bind ?? {});
  const script = [LAY_OUT, ...binds.map(([inside, outside]) => bindLine(mountPoint.path, inside, outside)), ANNOUNCE];
  const holder = Bun.spawn([...asRoot(), ...NAMESPACES, "sh", "-euc", script.join("\n"), "sh", mountPoint.path], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = [readOutput(holder.stdout), readOutput(holder.stderr)];
  const dispose = async () => {
    await holder.stdin.end();
    await endProcess(holder, "SIGKILL");
    await mountPoint.remove();
  };
  try {
    const pid = await waitUntil("the scratch root stands", () => {
      if (holder.exitCode !== null) throw new Error(stderr.text());
      return /^ready (\d+)$/m.exec(stdout.text())?.[1];
    });
    const enter = [...asRoot(), "nsenter", `--target=${pid}`, "--mount", "--pid", "chroot", mountPoint.path];
    return {
      sh: (text, environment) => runInside(enter, text, environment ?? {}),
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
}

const NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];

/** `$1` becomes the root. What is below another mount of this machine (/proc, /run, perhaps /tmp) is empty inside. */
const LAY_OUT = `
  read -r pid rest </proc/self/stat
  mount -t tmpfs -o size=2g tmpfs "$1"
  mkdir "$1/upper" "$1/work" "$1/root"
  mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
  mount --move "$1/root" "$1"
  mount -t proc proc "$1/proc"
  mount --rbind /dev "$1/dev"
  mkdir -p "$1/run/lock" "$1/tmp" && chmod 1777 "$1/run/lock" "$1/tmp"
  cp /etc/resolv.conf /etc/hosts "$1/etc/" 2>/dev/null || true`;

/**
 * `cat` ends, and with it all processes inside, when the test's process is gone. The shell, being process 1 inside, buries the processes
 * that lost their parent.
 */
const ANNOUNCE = `echo "ready $pid"; exec 3<&0; cat <&3 & wait`;

function bindLine(root: string, inside: string, outside: string): string {
  const at = join(root, inside);
  return `mkdir -p '${at}' && mount --bind '${outside}' '${at}'`;
}

function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? [] : ["sudo", "-n"];
}

async function runInside(
  enter: readonly string[],
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<Finished> {
  const variables = Object.entries({ ...ENVIRONMENT, ...environment }).map(([name, value]) => `${name}=${value}`);
  const child = Bun.spawn([...enter, "/usr/bin/env", "-i", ...variables, "/bin/sh", "-euc", script], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
};
