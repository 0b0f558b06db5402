import { readFile } from "node:fs/promises";
import type { SeenCommand } from "./command-bus.ts";

/** A state that a command was in, by its own operation log. */
export interface TimedState {
  /** The operation, with those above it for a sub-command, as in `profile > restart`. */
  readonly chain: string;
  readonly state: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

const STEP = /^-+\[ (.+) @ (.+) \| time=(\S+) \]-+$/gm;

/** The states in the text of an operation log, in order (spec/operations §6). */
export function timedStates(log: string): readonly TimedState[] {
  return [...log.matchAll(STEP)].flatMap(([, chain = "", state = "", time = ""]) => {
    const since = Date.parse(time);
    return Number.isNaN(since) ? [] : [{ chain, state, since }];
  });
}

/** What the log of a command tells; nothing when the log is not on this machine, or is one of another command. */
export async function loggedStates({ operation, id, payload }: SeenCommand): Promise<readonly TimedState[]> {
  const path = payload?.logPath;
  if (typeof path !== "string") return [];
  try {
    const log = await readFile(path, "utf8");
    // A sub-command has its place in the log of its root command.
    const isOwn =
      id.startsWith("sub:") || (log.includes(`\noperation: ${operation}\n`) && log.includes(`\ncmd_id:    ${id}\n`));
    return isOwn ? timedStates(log).filter(({ chain }) => chain.split(" > ").includes(operation)) : [];
  } catch {
    return [];
  }
}

/** When a command was asked for, in milliseconds since the epoch, by the time that is part of ids made by mappers and by this program. */
export function timeOfId(id: string): number | undefined {
  const [, date, hours, minutes, seconds] =
    /(\d{4}-\d\d-\d\d)T(\d\d)[-:](\d\d)[-:](\d\d(?:\.\d{1,3})?)\d*Z/.exec(id) ?? [];
  const time = Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`, from milliseconds. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
