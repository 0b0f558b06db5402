import { fault } from "../../base/fault.ts";
import { err } from "../../base/result.ts";
import { runProgram } from "../steps/run-program.ts";
import { type PluginEnd, pluginEnd } from "./plugin-end.ts";
import { logCall, logCallEnd } from "./plugin-log.ts";
import { openSink } from "./plugin-sink.ts";
import type { Plugin, PluginTools } from "./plugin-tools.ts";

export interface PluginCall {
  /** The command and what belongs to it, e.g. `["get", "app"]`. */
  readonly args: readonly string[];
  /** Text for standard input; a plugin need not read it. Without it there is none. */
  readonly stdin?: string;
  /** Aborting it ends the plugin with all processes that it started. */
  readonly signal: AbortSignal;
  /** Milliseconds until it is ended. Default 5 minutes. */
  readonly timeout?: number;
  /** Adds to the operation log: the command line at once, then how it ended and what it said (spec/operations §6). */
  readonly logOutput?: (text: string) => void;
  /** Its standard output may hold secrets: the operation log tells only how much there was. */
  readonly secret?: boolean;
}

export interface StreamedCall extends PluginCall {
  /** Path of a file, made anew with mode 0600, that standard output goes to. It is removed when the call fails. */
  readonly target: string;
  /** Most bytes of it. Default 1 GiB. */
  readonly limit?: number;
}

/** Milliseconds that a call may take unless it says otherwise. */
export const CALL_TIMEOUT = 300_000;
/** Milliseconds that `list` may take. */
export const LIST_TIMEOUT = 60_000;
/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 10_000;
const MOST_STREAMED = 1024 ** 3;

/** Calls a plugin, with sudo where that is wanted, in `tmp.path`; of stdout and stderr 4 MiB each are kept (spec/operations §7.3, §7.8, §7.9). */
export async function runPlugin(plugin: Plugin, call: PluginCall, tools: PluginTools): Promise<PluginEnd> {
  return await run(plugin, call, tools);
}

/** The same with standard output going to a file, piece by piece, as fast as the disk takes it. Never in the operation log. */
export async function streamPlugin(plugin: Plugin, call: StreamedCall, tools: PluginTools): Promise<PluginEnd> {
  const opened = await openSink(call.target, call.limit ?? MOST_STREAMED);
  if (!opened.ok) return { kind: "not-stored", reason: opened.fault.message };
  const sink = opened.value;
  const end = await run(plugin, { ...call, secret: true }, tools, sink.take);
  const stored = await sink.close(end.kind === "done");
  return end.kind !== "aborted" && !stored.ok ? { kind: "not-stored", reason: stored.fault.message } : end;
}

async function run(
  { path }: Plugin,
  call: PluginCall,
  tools: PluginTools,
  onStdout?: (bytes: Uint8Array) => Promise<boolean>,
): Promise<PluginEnd> {
  const { tmp, clock, exec } = tools;
  const { signal, timeout = CALL_TIMEOUT, stdin } = call;
  if (signal.aborted) return { kind: "aborted" };
  const command = await tools.sudo.wrap([path, ...call.args]);
  call.logOutput?.(logCall(command));
  const result = await runProgram(command, {
    exec,
    clock,
    signal,
    timeout,
    grace: GRACE,
    cwd: tmp,
    ...(stdin === undefined ? {} : { stdin }),
    ...(onStdout === undefined ? {} : { onStdout }),
  });
  call.logOutput?.(logCallEnd(result, call.secret === true));
  return pluginEnd(signal.aborted ? err(fault("launch-failed", "Cancelled")) : result, signal, timeout);
}
