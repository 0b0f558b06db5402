import type { Subprocess } from "bun";
import { executable } from "./executable.ts";
import { endProcess, readOutput } from "./process-output.ts";
import { type Finished, runToEnd } from "./program.ts";
import { waitUntil } from "./wait-until.ts";

export interface RunOptions {
  /** `--config-dir`, by way of TEDGE_CONFIG_DIR. */
  readonly configDir?: string;
  /** Name that it is called by (argv[0]). Default `tedge`. */
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Milliseconds, then SIGKILL. Default 30,000. */
  readonly timeout?: number;
  /** Words put before the executable, for instance `qemu-aarch64-static -L /root`. */
  readonly prefix?: readonly string[];
  /** Another executable than this machine's build. */
  readonly executable?: string;
}

/** Runs tebus to its end. `await runTebus(["config", "get", "device.id"], { configDir })`. */
export async function runTebus(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { stdin, timeout } = options;
  return runToEnd(await commandLine(args, options), {
    ...environment(options),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeout === undefined ? {} : { timeout }),
  });
}

/** A tebus that keeps running: an agent, a mapper, `run all`. */
export interface RunningTebus extends AsyncDisposable {
  readonly pid: number;
  /** Everything that it wrote to stderr so far. */
  stderr(): string;
  stdout(): string;
  /** Resolves once stderr holds `text`; fails at once when the process has ended without writing it. */
  waitForLog(text: string, timeout?: number): Promise<void>;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
  /** SIGTERM, then waits for its end; resolves with the exit code. */
  stop(): Promise<number>;
  /** SIGKILL: like a crash. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts tebus. `await using agent = await startTebus(["run", "tedge-agent"], { configDir })` ends it by SIGKILL when the test leaves. */
export async function startTebus(args: readonly string[], options: RunOptions = {}): Promise<RunningTebus> {
  const child = Bun.spawn(await commandLine(args, options), {
    ...environment(options),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return running(child, child.stdout, child.stderr);
}

function running(child: Subprocess, out: ReadableStream<Uint8Array>, error: ReadableStream<Uint8Array>): RunningTebus {
  const stdout = readOutput(out);
  const stderr = readOutput(error);
  const kill = async () => {
    await endProcess(child, "SIGKILL");
  };
  return {
    pid: child.pid,
    stdout: stdout.text,
    stderr: stderr.text,
    exited: child.exited,
    waitForLog: async (text, timeout = 10_000) => {
      let ended = false;
      const end = stderr.ended.then(() => {
        ended = true;
      });
      await waitUntil(`tebus logs ${JSON.stringify(text)}`, () => stderr.text().includes(text) || ended, { timeout });
      if (stderr.text().includes(text)) return;
      await end;
      throw new Error(`tebus ended without logging ${JSON.stringify(text)}: ${stderr.text()}`);
    },
    stop: () => endProcess(child, "SIGTERM", 30_000),
    kill,
    signal: (signal) => {
      child.kill(signal);
    },
    [Symbol.asyncDispose]: kill,
  };
}

async function commandLine(args: readonly string[], options: RunOptions): Promise<string[]> {
  return [...(options.prefix ?? []), options.executable ?? (await executable()), ...args];
}

function environment(options: RunOptions): { argv0?: string; cwd?: string; env: Record<string, string> } {
  const env = {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    ...(options.configDir === undefined ? {} : { TEDGE_CONFIG_DIR: options.configDir }),
    ...options.env,
  };
  return {
    env,
    ...(options.prefix === undefined ? { argv0: options.name ?? "tedge" } : {}),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
}
