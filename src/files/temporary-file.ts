import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../base/atomic-file.ts";

/** A file that is being filled and takes its real name only once it is whole. Its methods throw what the operating system says. */
export interface TemporaryFile {
  /** Where it is now. */
  path(): string;
  /** Writes all bytes at `position`, or behind what was written before. */
  write(bytes: Uint8Array, position?: number): Promise<void>;
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  stat(): Promise<BigIntStats>;
  /** Makes what was written safe on disk, then gives the file another name in its directory. */
  keepAs(name: string): Promise<void>;
  /** Makes it safe on disk, then renames it to `target`, which lies in the same directory. */
  commit(target: string): Promise<void>;
  /** Removes it; after `commit` it does nothing. Never throws. */
  discard(): Promise<void>;
}

/** Makes an empty file with a name that nothing else uses in `directory`; `mode` is subject to the umask. */
export async function createTemporaryFile(
  directory: string,
  mode: number,
  name = `.tebus-${crypto.randomUUID()}.part`,
): Promise<TemporaryFile> {
  const path = join(directory, name);
  return temporaryFile(path, await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode));
}

/** Takes over the temporary file of a process that is gone. */
export async function adoptTemporaryFile(path: string): Promise<TemporaryFile> {
  return temporaryFile(path, await open(path, constants.O_WRONLY | constants.O_NOFOLLOW));
}

function temporaryFile(madeAs: string, file: FileHandle): TemporaryFile {
  let path = madeAs;
  let opened = true;
  const close = async () => {
    if (!opened) return;
    opened = false;
    await file.close();
  };
  let renamed = false;
  return {
    path: () => path,
    write: (bytes, position) => writeAll(file, bytes, position),
    truncate: (size) => file.truncate(size),
    chmod: (bits) => file.chmod(bits),
    stat: () => file.stat({ bigint: true }),
    async keepAs(name) {
      await file.datasync();
      const renamedTo = join(dirname(path), name);
      await rename(path, renamedTo);
      path = renamedTo;
    },
    async commit(target) {
      await file.sync();
      await close();
      await rename(path, target);
      renamed = true;
      await syncDirectory(dirname(target));
    },
    async discard() {
      await close().catch(() => undefined);
      if (!renamed) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** True for the name of a temporary file, of this process or of one that crashed. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

const TEMPORARY_NAME = /^\.tebus-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

async function writeAll(file: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    const at = position === undefined ? null : position + written;
    written += (await file.write(bytes, written, bytes.byteLength - written, at)).bytesWritten;
  }
}
