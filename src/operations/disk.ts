import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FileFaultCode, fileFault, replaceFile } from "../base/atomic-file.ts";
import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";

type DiskResult<T> = Promise<Result<T, Fault<FileFaultCode>>>;

/** What the operations need of the file system; the simulation brings its own. */
export interface Disk {
  /** The first `limit` bytes of a file, default all. */
  read(path: string, limit?: number): DiskResult<Uint8Array>;
  /** Whole or not at all, and safe against a loss of power once it resolves. Missing directories are made. */
  replace(path: string, content: string | Uint8Array): DiskResult<undefined>;
  /** Adds to the end of a file and syncs it; makes it, and missing directories, if it is not there. */
  append(path: string, text: string): DiskResult<undefined>;
  /** A file that is not there is no fault. */
  remove(path: string): DiskResult<undefined>;
  makeDirectory(path: string): DiskResult<undefined>;
  /** Of the names of a directory that `select` takes, those of regular files and links to such, sorted. */
  list(directory: string, select: (name: string) => boolean): DiskResult<readonly DiskFile[]>;
}

export interface DiskFile {
  readonly name: string;
  /** Milliseconds since the epoch at which it was created, or last changed where the file system does not tell. */
  readonly created: number;
}

export const realDisk: Disk = {
  replace: replaceFile,
  read: (path, limit) => attempt(`Cannot read ${path}`, () => readBeginning(path, limit)),
  append: (path, text) => attempt(`Cannot write ${path}`, () => appendAndSync(path, text)),
  remove: (path) => attempt(`Cannot remove ${path}`, async () => void (await rm(path, { force: true }))),
  makeDirectory: (path) => attempt(`Cannot make ${path}`, async () => void (await mkdir(path, { recursive: true }))),
  list: (directory, select) => attempt(`Cannot read ${directory}`, () => listFiles(directory, select)),
};

async function attempt<T>(what: string, act: () => Promise<T>): DiskResult<T> {
  try {
    return ok(await act());
  } catch (thrown) {
    return err(fileFault(what, thrown));
  }
}

async function readBeginning(path: string, limit: number | undefined): Promise<Uint8Array> {
  if (limit === undefined) return readFile(path);
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(limit), 0, limit, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function appendAndSync(path: string, text: string): Promise<undefined> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a", 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function listFiles(directory: string, select: (name: string) => boolean): Promise<readonly DiskFile[]> {
  const names = (await readdir(directory)).filter(select).sort();
  const files = await Promise.all(
    names.map(async (name): Promise<DiskFile | undefined> => {
      const found = await stat(join(directory, name)).catch(() => undefined);
      if (found?.isFile() !== true) return undefined;
      return { name, created: found.birthtimeMs > 0 ? found.birthtimeMs : found.mtimeMs };
    }),
  );
  return files.filter((file) => file !== undefined);
}
