import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Fault, fault, toFault } from "./fault.ts";
import { osErrorText } from "./os-error.ts";
import { err, ok, type Result } from "./result.ts";

export interface ReplaceOptions {
  /** Permission bits of the new file; default 0o644, whatever the umask. */
  readonly mode?: number;
  /** Numeric owner; a process that may not give files away leaves it silently. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export type FileFaultCode = "not-found" | "no-permission" | "disk-full" | "read-only" | "io";

/**
 * Puts `content` under `path` whole or not at all: temporary file in the same directory, fsync, rename, fsync of the directory.
 * Missing parents are made (0755). A symbolic link is followed, so that the link stays (spec/cli-and-config §4.5).
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  options: ReplaceOptions = {},
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  let temporary: string | undefined;
  try {
    const target = await resolveLink(path);
    const directory = dirname(target);
    await mkdir(directory, { recursive: true });
    temporary = join(directory, `.${basename(target)}.${process.pid}.${temporaryCount++}.tmp`);
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await writeAndClose(file, content, options);
    await rename(temporary, target);
    await syncDirectory(directory);
    return ok();
  } catch (thrown) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    return err(fileFault(`Cannot write ${path}`, thrown));
  }
}

/** Reads a whole text file. Codes as `FileFaultCode`; text that is not UTF-8 is read with replacement characters. */
export async function readText(path: string): Promise<Result<string, Fault<FileFaultCode>>> {
  try {
    return ok(await readFile(path, "utf8"));
  } catch (thrown) {
    return err(fileFault(`Cannot read ${path}`, thrown));
  }
}

/** Makes names that exist in `directory` survive a loss of power. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One fault for what the operating system says about files. The cause has its words without the names of temporary files, which help nobody. */
export function fileFault(message: string, thrown: unknown): Fault<FileFaultCode> {
  const { code } = toFault(thrown);
  return fault(FILE_FAULTS[code] ?? "io", message, { cause: fault(code, osErrorText(thrown)) });
}

const FILE_FAULTS: Readonly<Record<string, FileFaultCode>> = {
  ENOENT: "not-found",
  EACCES: "no-permission",
  EPERM: "no-permission",
  ENOSPC: "disk-full",
  EDQUOT: "disk-full",
  EROFS: "read-only",
};

let temporaryCount = 0;

async function writeAndClose(file: FileHandle, content: string | Uint8Array, options: ReplaceOptions): Promise<void> {
  try {
    await file.writeFile(content);
    if (options.owner !== undefined) await file.chown(options.owner.uid, options.owner.gid).catch(() => undefined);
    await file.chmod(options.mode ?? 0o644);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function resolveLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}
