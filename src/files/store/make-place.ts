import { dirname } from "node:path";
import { toFault } from "../../base/fault.ts";
import type { MadeDirectory, StoreDirectories } from "./store-directories.ts";

/** A new file, and the directory that was made for it. */
export interface Place<File> {
  readonly file: File;
  readonly made: MadeDirectory;
}

const MOST_TRIES = 5;

/**
 * Makes a directory and, by `open`, a file in it. A removal nearby may take an empty directory away before the file is in it; then once more.
 * Throws what the operating system says.
 */
export async function makePlace<File>(
  directories: StoreDirectories,
  directory: string,
  open: () => Promise<File>,
): Promise<Place<File>> {
  for (let tries = 1; ; tries += 1) {
    let made: MadeDirectory | undefined;
    try {
      made = await directories.make(directory);
      return { file: await open(), made };
    } catch (thrown) {
      if (made?.topmost !== undefined) await directories.prune(directory, dirname(made.topmost));
      if (tries === MOST_TRIES || toFault(thrown).code !== "ENOENT") throw thrown;
    }
  }
}
