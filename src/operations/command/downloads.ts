import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { type CommandAddress, fileStem } from "../command.ts";
import type { Disk } from "../disk.ts";

/** Whether a file of the temporary directory was downloaded for a root command or for one of its sub-commands. */
export function isDownloadOf(root: CommandAddress, name: string): boolean {
  if (name === `${fileStem(root.device, root.operation)}_${root.id}`) return true;
  return (
    name.startsWith(fileStem(root.device, "")) &&
    name.includes("_sub:") &&
    name.endsWith(`sub:${root.operation}:${root.id}`)
  );
}

/** Removes what `download` actions left for a root command that has come to its end (spec/operations §15). */
export async function removeDownloads(root: CommandAddress, directory: string, disk: Disk, log: Log): Promise<void> {
  const files = await disk.list(directory, (name) => isDownloadOf(root, name));
  if (!files.ok) return;
  for (const { name } of files.value) {
    const removed = await disk.remove(join(directory, name));
    if (!removed.ok) log.warn("A downloaded file stays", removed.fault);
  }
}
