import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface StoreEntry {
  readonly path: string;
  /** Of the entry itself: links are not followed. */
  readonly stats: Stats;
}

/**
 * Everything but directories below `root`, in no order. In memory are the names of one directory per level at a time. What cannot be
 * looked at, or went away meanwhile, is passed over. Directories for which `skip` holds are not entered. `pause` is called between
 * entries every now and then.
 */
export async function* walkStore(
  root: string,
  skip: (directory: string) => boolean,
  pause?: () => Promise<void>,
): AsyncGenerator<StoreEntry> {
  let sincePause = 0;
  const levels = [{ directory: root, names: await namesIn(root) }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const name = level.names.pop();
    if (name === undefined) {
      levels.pop();
      continue;
    }
    const path = join(level.directory, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory() === true) {
      if (!skip(path)) levels.push({ directory: path, names: await namesIn(path) });
    } else if (stats !== undefined) {
      yield { path, stats };
    }
    sincePause += 1;
    if (sincePause >= PAUSE_AFTER) {
      sincePause = 0;
      await pause?.();
    }
  }
}

const PAUSE_AFTER = 64;

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
