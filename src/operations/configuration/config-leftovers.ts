import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileFault } from "../../base/atomic-file.ts";
import type { Log } from "../../base/log.ts";
import { type CommandAddress, type CommandState, isSubCommand } from "../command.ts";

/** A file with a configuration that was fetched, or the working directory of an update. */
export type LeftoverKind = "config_snapshot" | "config_update";

const ENDINGS: Readonly<Record<LeftoverKind, string>> = { config_snapshot: ".conf", config_update: "" };

/** Path of something temporary: `<tmp>/<kind>-<type>-<id>-<unix seconds>`, for a snapshot with `.conf` (spec/operations §7.6, §7.7). */
export function temporaryPath(
  kind: LeftoverKind,
  directory: string,
  { type, id, time }: { readonly type: string; readonly id: string; readonly time: number },
): string {
  return join(directory, `${beginning(kind, type, id)}-${Math.floor(time / 1_000)}${ENDINGS[kind]}`);
}

/**
 * Whether something temporary is a command's own, or that of a sub-command of a root command. A process that was killed may have left some of
 * which the payload tells nothing, so names count; and commands of two operations may have the same id, so ids are not enough.
 */
export function isLeftover(kind: LeftoverKind, command: CommandState, path: string): boolean {
  const { address, payload } = command;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const stem = /^(config_(?:snapshot|update)-.+)-\d+(\.conf)?$/s.exec(name);
  if (stem?.[1] === undefined || (stem[2] ?? "") !== ENDINGS[kind] || !name.startsWith(`${kind}-`)) return false;
  if (!isSubCommand(address) && stem[1].includes("-sub:") && stem[1].endsWith(below(address))) return true;
  if (!stem[1].endsWith(`-${address.id}`)) return false;
  if (path === payload.path || path === payload.workDir) return true;
  return (
    address.operation === kind &&
    typeof payload.type === "string" &&
    stem[1] === beginning(kind, payload.type, address.id)
  );
}

/** Removes what was temporary for a command that is at its end (spec/operations §15). */
export async function removeLeftovers(
  kind: LeftoverKind,
  command: CommandState,
  directory: string,
  log: Log,
): Promise<void> {
  try {
    const names = await readdir(directory);
    const paths = names.map((name) => join(directory, name)).filter((path) => isLeftover(kind, command, path));
    for (const path of paths) await rm(path, { recursive: true, force: true });
  } catch (thrown) {
    log.warn("Something temporary stays", fileFault(`Cannot remove what a ${kind} left in ${directory}`, thrown));
  }
}

function beginning(kind: LeftoverKind, type: string, id: string): string {
  return `${kind}-${type.replaceAll(/[/:\\]/g, "_")}-${id}`;
}

function below({ operation, id }: CommandAddress): string {
  return `sub:${operation}:${id}`;
}
