import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileFault } from "../../base/atomic-file.ts";
import { fault, toFault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { createTemporaryFile, type TemporaryFile } from "../temporary-file.ts";
import type { FileStoreFault, StoredFile } from "./file-store.ts";
import type { StoreDirectories } from "./store-directories.ts";
import { describeStored } from "./stored-file.ts";

export interface Upload {
  readonly directories: StoreDirectories;
  /** Absolute path of a regular file or of nothing, links followed. */
  readonly target: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** Mode of the file that is replaced; without one a new file gets 0666 minus the umask. */
  readonly mode: number | undefined;
}

/** Puts content under a name whole or not at all: on failure nothing changes, and no directory stays that was made for it. */
export async function storeUpload(upload: Upload): Promise<Result<StoredFile, FileStoreFault>> {
  const { directories, target } = upload;
  const place = await makePlace(directories, dirname(target));
  const stored = await fill(place.file, upload);
  if (stored.ok) return stored;
  await place.file.discard();
  if (place.topmost !== undefined) await directories.prune(dirname(target), dirname(place.topmost));
  return stored;
}

/** One fault for what the operating system says; a full disk has a code of its own. */
export function diskFault(thrown: unknown, message = "Input or output failed"): FileStoreFault {
  const { code, cause } = fileFault(message, thrown);
  return fault(code === "disk-full" ? code : "io", message, { cause });
}

interface Place {
  readonly file: TemporaryFile;
  /** Topmost directory that was made. */
  readonly topmost: string | undefined;
}

/** A removal nearby may take an empty directory away before the temporary file is in it; then once more. */
async function makePlace(directories: StoreDirectories, directory: string): Promise<Place> {
  for (let tries = 1; ; tries += 1) {
    let topmost: string | undefined;
    try {
      topmost = await directories.make(directory);
      return { file: await createTemporaryFile(directory, 0o666), topmost };
    } catch (thrown) {
      if (topmost !== undefined) await directories.prune(directory, dirname(topmost));
      if (tries === MOST_TRIES || toFault(thrown).code !== "ENOENT") throw thrown;
    }
  }
}

const MOST_TRIES = 5;

async function fill(file: TemporaryFile, upload: Upload): Promise<Result<StoredFile, FileStoreFault>> {
  try {
    for await (const chunk of tagged(upload.content)) await file.write(chunk);
    if (upload.mode !== undefined) await file.chmod(upload.mode & 0o7777);
    const stats = await file.stat();
    const directory = await realpath(dirname(upload.target));
    await file.commit(upload.target);
    return ok(describeStored(join(directory, basename(upload.target)), stats));
  } catch (thrown) {
    if (thrown instanceof Interruption) {
      return err(fault("interrupted", "The content broke off", { cause: thrown.cause }));
    }
    return err(diskFault(thrown));
  }
}

/** Tells a source that broke off from a disk that failed. */
class Interruption extends Error {}

async function* tagged(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (thrown) {
    throw new Interruption("interrupted", { cause: thrown });
  }
}
