import { readFile } from "node:fs/promises";
import type { Clock } from "./clock.ts";
import { exec } from "./exec.ts";

/** A user of the system, by number. */
export interface UserAccount {
  readonly uid: number;
  /** Primary group. */
  readonly gid: number;
}

/** The user with this name: from `/etc/passwd`, or, where users come from elsewhere, from `getent`. */
export async function findUser(name: string, clock: Clock): Promise<UserAccount | undefined> {
  const entry = await findEntry("passwd", name, clock);
  const [uid, gid] = [asId(entry?.[2]), asId(entry?.[3])];
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** The number of the group with this name; sources as for users. */
export async function findGroup(name: string, clock: Clock): Promise<number | undefined> {
  return asId((await findEntry("group", name, clock))?.[2]);
}

const GETENT_TIMEOUT = 10_000;

async function findEntry(
  database: "passwd" | "group",
  name: string,
  clock: Clock,
): Promise<readonly string[] | undefined> {
  if (name === "" || /[:\n]/.test(name)) return undefined;
  const file = await readFile(`/etc/${database}`, "utf8").catch(() => "");
  return pickEntry(file, name) ?? pickEntry(await getent(database, name, clock), name);
}

async function getent(database: string, name: string, clock: Clock): Promise<string> {
  const ran = await exec("getent", [database, "--", name], { clock, timeout: GETENT_TIMEOUT, grace: 1_000 });
  return ran.ok ? new TextDecoder().decode(ran.value.stdout) : "";
}

function pickEntry(text: string, name: string): readonly string[] | undefined {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .find(([first]) => first === name);
}

function asId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
