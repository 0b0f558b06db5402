import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncDirectory } from "../../base/atomic-file.ts";
import { fault, toFault } from "../../base/fault.ts";
import type { KeyedLock } from "../../base/keyed-lock.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { footprint } from "./footprint.ts";
import { brokenPrecondition, type Precondition } from "./precondition.ts";
import type { RealDirectory, StoreDirectories } from "./store-directories.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { StoredFile } from "./stored-file.ts";
import { describeStored } from "./stored-file.ts";

export interface Replacement {
  /** Absolute path, links followed. */
  readonly target: string;
  /** The one that the target is in. */
  readonly directory: RealDirectory;
  /** As the client wrote it, for texts. */
  readonly path: string;
  readonly condition: Precondition | undefined;
  /** Puts the finished file under its real name. */
  readonly move: (target: string) => Promise<void>;
  /** Called at once after the move with the bytes that the store grew by. */
  readonly settle: (growth: number) => void;
}

export interface TargetContext {
  /** By real path: nobody looks at a target, replaces or removes it in between. */
  readonly lock: KeyedLock;
  readonly directories: StoreDirectories;
}

/** Puts a finished file in the place of another, or of nothing, if the condition holds at that moment. Throws what the operating system says. */
export async function replaceTarget(
  { lock }: TargetContext,
  { target, directory, path, condition, move, settle }: Replacement,
): Promise<Result<StoredFile, FileStoreFault>> {
  const real = join(directory.path, basename(target));
  const replaced = await lock.hold<Result<StoredFile, FileStoreFault>>(real, async () => {
    const present = await statIfThere(real);
    const refused = refuseTarget(present, path) ?? refuseByCondition(condition, real, present, path);
    if (refused !== undefined) return err(refused);
    await move(real);
    const stats = await stat(real, { bigint: true });
    settle(directory.isInStore ? footprintOf(stats) - footprintOf(present) : 0);
    return ok(describeStored(real, stats));
  });
  if (replaced.ok) await syncDirectory(directory.path);
  return replaced;
}

/** Why nothing can be uploaded over what is there. */
export function refuseTarget(present: BigIntStats | undefined, path: string): FileStoreFault | undefined {
  if (present?.isDirectory() === true) return uploadToDirectory(path);
  return present?.isFile() === false ? fault("io", "The target is neither a file nor a directory") : undefined;
}

export function uploadToDirectory(path: string): FileStoreFault {
  return fault("is-directory", `Cannot upload: ${quoteText(path)} is a directory, not a file`);
}

/** Why the condition forbids to touch the regular file at `real`, or nothing. */
export function refuseByCondition(
  condition: Precondition | undefined,
  real: string,
  present: BigIntStats | undefined,
  path: string,
): FileStoreFault | undefined {
  const current = present === undefined ? undefined : describeStored(real, present);
  const broken = brokenPrecondition(condition, current, path);
  return broken === undefined ? undefined : fault("precondition-failed", broken);
}

/** A file that has a name elsewhere too, as those of the cache have, takes no room of the store. */
export function footprintOf(present: BigIntStats | undefined): number {
  return present?.isFile() === true && present.nlink <= 1n ? footprint(Number(present.size)) : 0;
}

/** Links are followed. Throws what the operating system says. */
export async function statIfThere(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return undefined;
    throw thrown;
  }
}
