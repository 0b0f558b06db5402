import { readFile } from "node:fs/promises";
import process from "node:process";

/** This process as no other was or will be called until the next start of the machine: its id, and when it began. */
export async function thisProcess(): Promise<string> {
  return `${process.pid}.${await beginOf(process.pid)}`;
}

/** Whether the process of that name still runs. */
export async function isRunning(owner: string): Promise<boolean> {
  const [pid = "", begin] = owner.split(".");
  return (await beginOf(Number(pid))) === begin;
}

/** In clock ticks since the machine started (proc(5), `starttime`); 0 for a process that is not there. */
async function beginOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[20] ?? "0";
  } catch {
    return "0";
  }
}
