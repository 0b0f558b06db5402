import { constants } from "node:fs";
import { dirname, join } from "node:path";
import { err, type Result } from "../../base/result.ts";
import { diskFault, impossiblePath } from "./disk-fault.ts";
import { footprint } from "./footprint.ts";
import { makePlace, type Place } from "./make-place.ts";
import type { Precondition } from "./precondition.ts";
import { replaceTarget, type TargetContext } from "./replace-target.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { Reservation } from "./store-room.ts";
import type { StoredFile } from "./stored-file.ts";
import { openUploadFile, type UploadFile } from "./upload-file.ts";
import type { UploadNames } from "./upload-names.ts";
import { writeContent } from "./write-content.ts";

export interface Upload {
  /** Absolute path of a regular file or of nothing, links followed. */
  readonly target: string;
  /** As the client wrote it, for texts. */
  readonly path: string;
  readonly content: AsyncIterable<Uint8Array>;
  readonly condition: Precondition | undefined;
  /** Mode of the file that is replaced; without one a new file gets 0666 minus the umask. */
  readonly mode: number | undefined;
  readonly reservation: Reservation;
  /** Bytes that the file that is replaced gives back. */
  readonly credit: number;
}

export interface UploadContext extends TargetContext {
  readonly names: UploadNames;
  /** Tells of the bytes that the store grew by. */
  readonly changed: (growth: number) => void;
}

/** Puts content under a name whole or not at all: on failure nothing changes, and no directory stays that was made for it. */
export async function storeUpload(context: UploadContext, upload: Upload): Promise<Result<StoredFile, FileStoreFault>> {
  const { directories, names } = context;
  const directory = dirname(upload.target);
  const name = names.take();
  try {
    const place = await makePlace(directories, directory, () => openUploadFile(join(directory, name), NEW_FILE));
    const stored = await fill(place, context, upload);
    if (stored.ok) return stored;
    await place.file.discard();
    const { topmost } = place.made;
    if (topmost !== undefined) await directories.prune(directory, dirname(topmost));
    return stored;
  } finally {
    names.giveBack(name);
  }
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

async function fill(
  { file, made: directory }: Place<UploadFile>,
  context: UploadContext,
  { target, path, content, condition, mode, reservation, credit }: Upload,
): Promise<Result<StoredFile, FileStoreFault>> {
  const written = await writeContent(content, file, (size) => reservation.grow(footprint(size) - credit));
  if (!written.ok) return written;
  const late = await reservation.confirm();
  if (late !== undefined) return err(late);
  try {
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    await file.seal();
    const settle = (growth: number) => {
      reservation.release();
      context.changed(growth);
    };
    return await replaceTarget(context, { target, directory, path, condition, move: file.moveTo, settle });
  } catch (thrown) {
    return err(impossiblePath(path, thrown) ?? diskFault(thrown));
  }
}
