import { type FileHandle, open, rename, rm } from "node:fs/promises";

/** A file on its way into the store. Its methods throw what the operating system says. */
export interface UploadFile {
  readonly path: string;
  /** Writes all the bytes behind what was written before. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Has the disk take what was written so far; the file may be written to meanwhile. */
  flush(): Promise<void>;
  chmod(mode: number): Promise<void>;
  /** Makes everything safe on disk and ends the writing; may be called again. */
  seal(): Promise<void>;
  /** Gives the sealed file its real name, in place of what has that name. */
  moveTo(target: string): Promise<void>;
  /** Ends the writing and leaves the file as it is. Never throws. */
  close(): Promise<void>;
  /** Ends the writing, and removes the file unless it was moved. Never throws. */
  discard(): Promise<void>;
}

/** Opens `path` for writing with `flags` of `open(2)`; `mode` is subject to the umask. */
export async function openUploadFile(path: string, flags: number, mode = 0o666): Promise<UploadFile> {
  const file = await open(path, flags, mode);
  let isOpen = true;
  let isMoved = false;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };
  return {
    path,
    write: (chunks) => writeAll(file, chunks),
    flush: () => file.datasync(),
    chmod: (bits) => file.chmod(bits),
    async seal() {
      if (isOpen) await file.sync();
      await close();
    },
    async moveTo(target) {
      await rename(path, target);
      isMoved = true;
    },
    close: () => close().catch(() => undefined),
    async discard() {
      await close().catch(() => undefined);
      if (!isMoved) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** One system call for many chunks; the system may write less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  for (let left = chunks; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left);
    left = behind(left, bytesWritten);
  }
}

/** What is left of the chunks behind their first `size` bytes. */
function behind(chunks: readonly Uint8Array[], size: number): readonly Uint8Array[] {
  let passed = 0;
  for (const [index, chunk] of chunks.entries()) {
    passed += chunk.byteLength;
    if (passed > size) return [chunk.subarray(chunk.byteLength - (passed - size)), ...chunks.slice(index + 1)];
  }
  return [];
}
