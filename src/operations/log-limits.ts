import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";

/** How many log files of an operation are kept; `undefined` for all (spec/operations §6). */
export type LogLimits = (operation: string) => number | undefined;

/** Reads the entries of `logs.max_per_operation`: `<operation>:<number>`, `<operation>` alone for 1, `*` for every other operation. Code `invalid-limit`. */
export function parseLogLimits(entries: readonly string[]): Result<LogLimits, Fault<"invalid-limit">> {
  const limits = new Map<string, number>();
  for (const entry of entries) {
    const [, operation, count = "1"] = /^([^:]+)(?::(\d+))?$/.exec(entry.trim()) ?? [];
    if (operation === undefined) {
      return err(fault("invalid-limit", `${JSON.stringify(entry)} is not of the form <operation>:<number>`));
    }
    limits.set(operation.trim(), Number(count));
  }
  return ok((operation) => limits.get(operation) ?? limits.get("*"));
}
