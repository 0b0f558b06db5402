import { exhaustive } from "../../base/exhaustive.ts";
import { osErrorText } from "../../base/os-error.ts";
import type { ScriptResult } from "../steps/script-result.ts";

/** How a call of a plugin ended. `done` is exit code 0. */
export type PluginEnd =
  | { readonly kind: "done"; readonly stdout: Uint8Array }
  | PluginFailure
  /** The command was cleared, or the agent stops. */
  | { readonly kind: "aborted" };

export type PluginFailure =
  | { readonly kind: "exit"; readonly code: number; readonly stderr: string }
  /** By its timeout when `limit`, in milliseconds, is told; else by a signal of somebody else. */
  | { readonly kind: "killed"; readonly signal: number; readonly limit?: number }
  | { readonly kind: "not-launched"; readonly reason: string }
  /** Its output could not be kept. */
  | { readonly kind: "not-stored"; readonly reason: string };

/** Reads how a process ended. `limit` is its timeout in milliseconds. */
export function pluginEnd(result: ScriptResult, signal: AbortSignal, limit: number): PluginEnd {
  if (signal.aborted) return { kind: "aborted" };
  if (!result.ok) return { kind: "not-launched", reason: `${result.fault.message}: ${osErrorText(result.fault)}` };
  const exit = result.value;
  if (exit.kind === "killed") return { kind: "killed", signal: exit.signal, ...(exit.timedOut ? { limit } : {}) };
  if (exit.code === 0) return { kind: "done", stdout: exit.stdout };
  return { kind: "exit", code: exit.code, stderr: new TextDecoder().decode(exit.stderr) };
}

/** Why a call failed, for a person: what the plugin said on stderr, else how it ended; `undefined` for success. */
export function pluginFailure(end: PluginEnd): string | undefined {
  switch (end.kind) {
    case "done":
      return undefined;
    case "exit":
      return end.stderr.trim() || `exit code ${end.code}`;
    case "killed":
      return end.limit === undefined ? `killed by signal ${end.signal}` : `still running after ${end.limit / 1_000} s`;
    case "not-launched":
    case "not-stored":
      return end.reason;
    case "aborted":
      return "cancelled";
    default:
      return exhaustive(end);
  }
}
