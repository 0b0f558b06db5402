import { describeFault, type Fault } from "../../../src/base/fault.ts";
import type { Log } from "../../../src/base/log.ts";

/** A log that keeps its lines as `level: text: causes`. */
export function recordedLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (level: string) => (text: string, fault?: Fault) => {
    lines.push(`${level}: ${text}${fault === undefined ? "" : `: ${describeFault(fault)}`}`);
  };
  return {
    lines,
    error: add("error"),
    warn: add("warn"),
    info: add("info"),
    debug: add("debug"),
    trace: add("trace"),
  };
}
