import type { BigIntStats } from "node:fs";
import { lstat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { toFault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { footprintOf, type TargetContext } from "./replace-target.ts";
import type { RealDirectory } from "./store-directories.ts";
import type { FileStoreFault } from "./store-fault.ts";

export interface Removal {
  /** Absolute path; a link is removed itself. */
  readonly target: string;
  /** Why what is there, or that nothing is there, forbids it. Nothing changes between this look and the removal. */
  readonly refuse: (present: BigIntStats | undefined, real: string) => Promise<FileStoreFault | undefined>;
}

export interface RemovalContext extends TargetContext {
  readonly root: string;
  /** Tells of the bytes that the store grew by. */
  readonly changed: (growth: number) => void;
}

/** Removes a file, and the directories that it leaves empty. True when there was one. Throws what the operating system says. */
export async function removeTarget(
  { lock, directories, root, changed }: RemovalContext,
  { target, refuse }: Removal,
): Promise<Result<boolean, FileStoreFault>> {
  const directory = await ifThere<RealDirectory>(() => directories.resolve(dirname(target)));
  const real = directory === undefined ? target : join(directory.path, basename(target));
  const removed = await lock.hold<Result<boolean, FileStoreFault>>(real, async () => {
    const present = directory === undefined ? undefined : await ifThere(() => lstat(real, { bigint: true }));
    const refused = await refuse(present, real);
    if (refused !== undefined) return err(refused);
    if (directory === undefined || present === undefined) return ok(false);
    await unlink(real);
    if (directory.isInStore) changed(-footprintOf(present));
    return ok(true);
  });
  if (removed.ok && removed.value) await directories.prune(dirname(target), root);
  return removed;
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return undefined;
    throw thrown;
  }
}
