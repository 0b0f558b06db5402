import { readFile } from "node:fs/promises";
import { fault, toFault } from "../base/fault.ts";
import { type GroupMember, groupMembers } from "../base/process-group.ts";
import type { CommandOutcome } from "./outcome.ts";

export interface SignalGroupArgs {
  readonly group: string;
  readonly signal: string;
}

const SIGNALS = ["SIGTERM", "SIGKILL"] as const;

/**
 * `tedge signal-group`: called by the agent through sudo to end a program that it started through sudo. Refuses every process group but one
 * of which a member was started by the caller, as himself or through sudo.
 */
export async function signalGroup(
  environment: Readonly<Record<string, string | undefined>>,
  args: SignalGroupArgs,
): Promise<CommandOutcome> {
  const signal = SIGNALS.find((one) => one === args.signal);
  const group = Number(args.group);
  if (!/^[1-9]\d{0,9}$/.test(args.group) || group === 1 || signal === undefined) {
    return { kind: "usage", text: "a process group and SIGTERM or SIGKILL are needed" };
  }
  const caller = Number(environment.SUDO_UID ?? process.getuid?.());
  const members = await groupMembers(group);
  const owned = await Promise.all(members.map((member) => isOf(caller, member)));
  if (!owned.includes(true)) {
    const message = `User ${caller} started nothing that is in the process group ${args.group}`;
    return { kind: "failed", description: "signal the process group", fault: fault("not-yours", message) };
  }
  try {
    process.kill(-group, signal);
    return { kind: "done" };
  } catch (thrown) {
    return { kind: "failed", description: "signal the process group", fault: toFault(thrown) };
  }
}

/** Whoever runs something through sudo is named in its environment. */
async function isOf(user: number, { pid, realUser }: GroupMember): Promise<boolean> {
  if (realUser === user) return true;
  const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
  return environment.split("\0").includes(`SUDO_UID=${user}`);
}
