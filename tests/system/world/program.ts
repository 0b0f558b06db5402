import type { Subprocess } from "bun";
import { endProcess, type ProcessOutput, readOutput } from "./process-output.ts";
import { waitUntil } from "./wait-until.ts";

export interface ProgramOptions {
  /** Name that it is called by. Default: the first word of the command. */
  readonly argv0?: string;
  readonly cwd?: string;
  /** All of its environment. Default: that of the test. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Milliseconds, then SIGKILL. Default 30,000. */
  readonly timeout?: number;
}

export interface Finished {
  /** 128 + signal when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code is. */
export async function runToEnd(command: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  const { stdin, timeout = 30_000, ...place } = options;
  const child = Bun.spawn([...command], {
    ...place,
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    timeout,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

/** Runs a program that has to succeed and gives what it wrote to stdout. */
export async function runProgram(command: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")}\nexit ${code}\n${stdout}${stderr}`);
}

/** A program that keeps running, with all that it started. */
export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
  /** The complete lines that it wrote to stdout so far. */
  lines(): readonly string[];
  stderr(): string;
  /** The first line, written or to come, for which `matches` gives something, and that. Fails at once when the program has ended without it. */
  find<T>(what: string, matches: (line: string) => T | undefined, timeout?: number): Promise<T>;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM to it and all that it started; resolves with the exit code. */
  stop(): Promise<number>;
}

/** Starts a program in a process group of its own. */
export function startProgram(command: readonly string[], options: Omit<ProgramOptions, "stdin" | "timeout"> = {}) {
  const child = Bun.spawn([...command], {
    ...options,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  return running(child, readOutput(child.stdout), readOutput(child.stderr), command.join(" "));
}

function running(child: Subprocess, stdout: ProcessOutput, stderr: ProcessOutput, name: string): RunningProgram {
  const lines = () => stdout.text().split("\n").slice(0, -1);
  let isSilent = false;
  const silence = stdout.ended.then(() => {
    isSilent = true;
  });
  const end = async (signal: NodeJS.Signals) => {
    signalGroup(child.pid, signal);
    const code = await endProcess(child, signal);
    signalGroup(child.pid, "SIGKILL");
    return code;
  };
  return {
    pid: child.pid,
    lines,
    stderr: stderr.text,
    find: async (what, matches, timeout = 10_000) => {
      const look = () => {
        const endedBefore = isSilent;
        for (const line of lines()) {
          const found = matches(line);
          if (found !== undefined) return { found };
        }
        return endedBefore ? "ended" : undefined;
      };
      const seen = await waitUntil(what, look, { timeout });
      if (seen !== "ended") return seen.found;
      await Promise.all([silence, stderr.ended]);
      throw new Error(`${name} ended before ${what}: ${stdout.text()}${stderr.text()}`);
    },
    exited: child.exited,
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => {
      await end("SIGKILL");
    },
  };
}

/** Does nothing when no process of the group is left. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // They are gone.
  }
}
