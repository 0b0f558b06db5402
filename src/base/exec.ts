import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "./clock.ts";
import { type Fault, fault, toFault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

export interface ExecOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Bytes for standard input; without it the process reads end of file at once. A process that does not read it all is no fault. */
  readonly stdin?: string | Uint8Array;
  /** After so many milliseconds the whole process group gets SIGTERM. */
  readonly timeout?: number;
  /** Milliseconds between SIGTERM and SIGKILL. Default 60,000. */
  readonly grace?: number;
  /** Aborting it is like the timeout passing. */
  readonly signal?: AbortSignal;
  /** Bytes kept of each of stdout and stderr; what comes after is read and dropped. Default 4 MiB. */
  readonly outputLimit?: number;
  /** Takes standard output piece by piece, instead of it being kept; the next piece is read once it has resolved. `false` ends the program. */
  readonly onStdout?: (bytes: Uint8Array) => Promise<boolean>;
  /** It joins the process group of this process, so that whoever ends that ends it too; abort and timeout then end it alone. */
  readonly sharesGroup?: boolean;
  /** Called after each signal to the group, for members that run with more rights than this process. Must not throw. */
  readonly signalForeign?: (group: number, signal: GroupSignal) => void;
  readonly clock: Clock;
}

export type GroupSignal = "SIGTERM" | "SIGKILL";

/** How a process ended. */
export type Exit =
  | { readonly kind: "exited"; readonly code: number; readonly stdout: Uint8Array; readonly stderr: Uint8Array }
  | {
      readonly kind: "killed";
      readonly signal: number;
      readonly timedOut: boolean;
      readonly stdout: Uint8Array;
      readonly stderr: Uint8Array;
    };

/** A process group gets this long to be gone after SIGKILL before its pipes are let go. */
const AFTER_KILL = 1_000;

/**
 * Runs a program directly (no shell) in a process group of its own and waits for its end; on timeout or abort the whole group is ended,
 * so that no grandchild keeps running. Code `launch-failed` when it cannot be started.
 */
export function exec(
  program: string,
  args: readonly string[],
  options: ExecOptions,
): Promise<Result<Exit, Fault<"launch-failed">>> {
  return new Promise((resolve) => {
    const launched = launch(program, args, options);
    if (!launched.ok) return resolve(launched);
    const child = launched.value;
    const limit = options.outputLimit ?? 4 * 1024 * 1024;
    const { onStdout } = options;
    const stdout =
      onStdout === undefined ? collect(child.stdout, limit) : pour(child.stdout, onStdout, () => terminate());
    const stderr = collect(child.stderr, limit);
    let timedOut = false;
    let cancel: () => void = () => undefined;

    const settle = (result: Result<Exit, Fault<"launch-failed">>) => {
      cancel();
      options.signal?.removeEventListener("abort", terminate);
      resolve(result);
    };
    const terminate = () => {
      cancel();
      killGroup(child, "SIGTERM", options);
      cancel = options.clock.after(options.grace ?? 60_000, kill);
    };
    const kill = () => {
      killGroup(child, "SIGKILL", options);
      cancel = options.clock.after(AFTER_KILL, () => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      });
    };
    if (options.timeout !== undefined) {
      cancel = options.clock.after(options.timeout, () => {
        timedOut = true;
        terminate();
      });
    }
    options.signal?.addEventListener("abort", terminate);
    child.on("error", (thrown) => settle(err(launchFault(program, thrown))));
    child.on("close", async (code, signal) => {
      const output = { stdout: await stdout(), stderr: await stderr() };
      if (code !== null) return settle(ok({ kind: "exited", code, ...output }));
      settle(ok({ kind: "killed", signal: signalNumber(signal), timedOut, ...output }));
    });
    if (options.signal?.aborted === true) terminate();
  });
}

function launch(
  program: string,
  args: readonly string[],
  options: ExecOptions,
): Result<ChildProcess, Fault<"launch-failed">> {
  try {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: options.env === undefined ? process.env : { ...process.env, ...options.env },
      detached: options.sharesGroup !== true,
      stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.stdin);
    return ok(child);
  } catch (thrown) {
    return err(launchFault(program, thrown));
  }
}

function launchFault(program: string, thrown: unknown): Fault<"launch-failed"> {
  return fault("launch-failed", `Cannot run ${program}`, { cause: toFault(thrown) });
}

function collect(stream: NodeJS.ReadableStream | null, limit: number): () => Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    const room = limit - size;
    if (room <= 0) return;
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    size += Math.min(chunk.length, room);
  });
  stream?.on("error", () => undefined);
  return async () => Buffer.concat(chunks);
}

/** Hands a stream on without keeping it; what comes after a refusal is read and dropped. Resolves once the last piece is taken. */
function pour(
  stream: NodeJS.ReadableStream | null,
  take: (bytes: Uint8Array) => Promise<boolean>,
  refused: () => void,
): () => Promise<Uint8Array> {
  let wanted = true;
  let taken: Promise<void> = Promise.resolve();
  const pass = async (chunk: Buffer) => {
    if (!wanted || (await take(chunk).catch(() => false))) return;
    wanted = false;
    refused();
  };
  stream?.on("data", (chunk: Buffer) => {
    stream.pause();
    taken = taken.then(() => pass(chunk)).then(() => void stream.resume());
  });
  stream?.on("error", () => undefined);
  return async () => {
    await taken;
    return new Uint8Array();
  };
}

function killGroup(child: ChildProcess, signal: GroupSignal, options: ExecOptions): void {
  const { pid } = child;
  if (pid === undefined) return;
  const shares = options.sharesGroup === true;
  try {
    process.kill(shares ? pid : -pid, signal);
  } catch {
    // They are gone already, or none of them is ours.
  }
  if (!shares) options.signalForeign?.(pid, signal);
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (SIGNALS[signal] ?? 0);
}

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};
