import { chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { toFault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";
import { followLinks } from "./follow-links.ts";
import type { FinishedUpload } from "./partial-append.ts";
import { replaceTarget, statIfThere, type TargetContext } from "./replace-target.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { StoredFile } from "./stored-file.ts";

const MOST_TRIES = 5;

/**
 * Puts data that came in several requests under its name; when it cannot be, no directory stays that was made for it. Throws what the
 * operating system says.
 */
export async function storeFinished(
  context: TargetContext,
  located: string,
  finished: FinishedUpload,
): Promise<Result<StoredFile, FileStoreFault>> {
  const target = await followLinks(located);
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryToStore(context, target, finished);
    } catch (thrown) {
      // A removal nearby may have taken the empty directory away; then once more.
      if (tries === MOST_TRIES || toFault(thrown).code !== "ENOENT") throw thrown;
    }
  }
}

async function tryToStore(
  context: TargetContext,
  target: string,
  { path, condition, move, settle }: FinishedUpload,
): Promise<Result<StoredFile, FileStoreFault>> {
  const directory = dirname(target);
  const made = await context.directories.make(directory);
  let isStored = false;
  try {
    const stored = await replaceTarget(context, {
      target,
      directory: made,
      path,
      condition,
      move: keepMode(move),
      settle,
    });
    isStored = stored.ok;
    return stored;
  } finally {
    if (made.topmost !== undefined && !isStored) await context.directories.prune(directory, dirname(made.topmost));
  }
}

/** A file that is replaced keeps its mode. */
function keepMode(move: (target: string) => Promise<void>): (target: string) => Promise<void> {
  return async (target) => {
    const present = await statIfThere(target);
    await move(target);
    if (present !== undefined) await chmod(target, Number(present.mode) & 0o7777).catch(() => undefined);
  };
}
