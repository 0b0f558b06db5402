import { readFileSync, statSync } from "node:fs";
import { fault, toFault } from "../base/fault.ts";
import type { CommandOutcome } from "./outcome.ts";

export interface SignalGroupArgs {
  readonly group: string;
  readonly signal: string;
}

const SIGNALS = ["SIGTERM", "SIGKILL"] as const;

/**
 * `tedge signal-group`: called by the agent through sudo to end a program that it started through sudo. Refuses every group but one whose
 * leader was started by a process of the caller.
 */
export function signalGroup(
  environment: Readonly<Record<string, string | undefined>>,
  args: SignalGroupArgs,
): CommandOutcome {
  const signal = SIGNALS.find((one) => one === args.signal);
  if (!/^[1-9]\d{0,9}$/.test(args.group) || args.group === "1" || signal === undefined) {
    return { kind: "usage", text: "a process group and SIGTERM or SIGKILL are needed" };
  }
  try {
    const caller = environment.SUDO_UID;
    if (caller !== undefined && ownerOfParent(args.group) !== caller) {
      return failed(fault("not-yours", `No program that user ${caller} started leads the process group ${args.group}`));
    }
    process.kill(-Number(args.group), signal);
    return { kind: "done" };
  } catch (thrown) {
    return failed(toFault(thrown));
  }
}

function failed(cause: ReturnType<typeof toFault>): CommandOutcome {
  return { kind: "failed", description: "signal the process group", fault: cause };
}

/** User, as a number, of the parent of a process that leads its group; `undefined` for one that does not. */
function ownerOfParent(pid: string): string | undefined {
  // pid (name) state ppid pgrp …, where the name may hold anything.
  const [, parent, group] = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return group === pid ? String(statSync(`/proc/${parent}`).uid) : undefined;
}
