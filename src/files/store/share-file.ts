import { link, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Result } from "../../base/result.ts";
import { makePlace } from "./make-place.ts";
import { replaceTarget, type TargetContext } from "./replace-target.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { StoredFile } from "./stored-file.ts";
import type { UploadNames } from "./upload-names.ts";

export interface Share {
  /** Absolute path of a regular file or of nothing, links followed. */
  readonly target: string;
  /** As the caller wrote it, for texts. */
  readonly path: string;
  /** Absolute path of the file that gets another name. */
  readonly source: string;
}

export interface ShareContext extends TargetContext {
  readonly names: UploadNames;
  /** Tells of the bytes that the store grew by. */
  readonly changed: (growth: number) => void;
}

/** Gives a file outside of the store a name in it, by a hard link. Throws what the operating system says. */
export async function shareFile(
  context: ShareContext,
  { target, path, source }: Share,
): Promise<Result<StoredFile, FileStoreFault>> {
  const { directories, names } = context;
  const directory = dirname(target);
  const name = names.take();
  const temporary = join(directory, name);
  try {
    const { made } = await makePlace(directories, directory, () => link(source, temporary));
    const move = (real: string) => rename(temporary, real);
    return await replaceTarget(context, {
      target,
      directory: made,
      path,
      condition: undefined,
      move,
      settle: context.changed,
    });
  } finally {
    // Renaming one name of a file to another name of the same file does nothing (rename(2)).
    await rm(temporary, { force: true }).catch(() => undefined);
    names.giveBack(name);
  }
}
