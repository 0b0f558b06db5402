import { walkStore } from "./store-walk.ts";

export interface AgedFile {
  readonly path: string;
  readonly size: number;
  /** When it was last written to, milliseconds since the epoch. */
  readonly written: number;
}

/** The `most` regular files below `root` that were not written to for longest, oldest first. Holds no more than these in memory. */
export async function oldestFiles(
  root: string,
  most: number,
  skip: (path: string) => boolean,
): Promise<readonly AgedFile[]> {
  let oldest: AgedFile[] = [];
  for await (const { path, stats } of walkStore(root, skip)) {
    if (!stats.isFile() || skip(path)) continue;
    oldest.push({ path, size: stats.size, written: stats.mtimeMs });
    if (oldest.length >= 2 * most) oldest = firstByAge(oldest, most);
  }
  return firstByAge(oldest, most);
}

function firstByAge(files: readonly AgedFile[], most: number): AgedFile[] {
  return files.toSorted((left, right) => left.written - right.written).slice(0, most);
}
