import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isTemporaryName } from "../temporary-file.ts";
import { followLinks } from "./follow-links.ts";

/**
 * Removes the temporary files that a crash left below `root`, and beside the targets of the links there. Gives how many there were.
 * What cannot be read is passed over.
 */
export async function removeStaleUploads(root: string): Promise<number> {
  let removed = 0;
  const linked = new Set<string>();
  for await (const directory of directoriesBelow(root, linked)) removed += await sweep(directory);
  for (const directory of linked) removed += await sweep(directory);
  return removed;
}

async function* directoriesBelow(root: string, linked: Set<string>): AsyncGenerator<string> {
  const waiting = [root];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    yield directory;
    for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => [])) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (entry.isSymbolicLink()) linked.add(dirname(await followLinks(path).catch(() => path)));
    }
  }
}

async function sweep(directory: string): Promise<number> {
  const stale = (await readdir(directory).catch(() => [])).filter(isTemporaryName);
  for (const name of stale) await rm(join(directory, name), { force: true }).catch(() => undefined);
  return stale.length;
}
