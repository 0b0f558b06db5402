import { readdir, readFile } from "node:fs/promises";

/** A process as `/proc` shows it. Users are numbers. */
export interface GroupMember {
  readonly pid: number;
  readonly realUser: number;
  readonly effectiveUser: number;
}

/** The processes of a process group, apart from those that have ended; none where there is no `/proc`. */
export async function groupMembers(group: number): Promise<readonly GroupMember[]> {
  const names = await readdir("/proc").catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => memberOf(group, name)));
  return found.filter((member) => member !== undefined);
}

async function memberOf(group: number, pid: string): Promise<GroupMember | undefined> {
  // pid (name) state ppid pgrp …, where the name may hold anything.
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [state, , itsGroup] = stat.replace(/^.*\) /s, "").split(" ");
  if (state === "Z" || Number(itsGroup) !== group) return undefined;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const [, real, effective] = /^Uid:\t(\d+)\t(\d+)/m.exec(status) ?? [];
  if (real === undefined || effective === undefined) return undefined;
  return { pid: Number(pid), realUser: Number(real), effectiveUser: Number(effective) };
}
