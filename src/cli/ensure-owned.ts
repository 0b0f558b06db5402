import { chmod, chown, lchown, lstat, mkdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { toFault } from "../base/fault.ts";

/** By number; a missing one stays as it is. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** The directory exists with this mode and owner; missing parents are made with the owner of the process. Throws what the system says. */
export async function ensureDirectory(path: string, mode: number, owner: Owner): Promise<void> {
  await mkdir(path, { recursive: true });
  await ensureOwner(path, owner);
  await ensureMode(path, mode);
}

/** If the file exists it has this owner, and this mode. Throws what the system says. */
export async function ensureFile(path: string, owner: Owner, mode?: number): Promise<void> {
  try {
    await ensureOwner(path, owner);
    if (mode !== undefined) await ensureMode(path, mode);
  } catch (thrown) {
    if (toFault(thrown).code !== "ENOENT") throw thrown;
  }
}

/** Puts a link under a name, whatever had it before. Throws what the system says. */
export async function replaceLink(path: string, target: string, owner: Required<Owner>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await symlink(target, temporary);
    await lchown(temporary, owner.uid, owner.gid);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Where a link points to; `undefined` for anything else. */
export async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return undefined;
    throw thrown;
  }
}

/** Asks the system only for what is not so already: then a second run needs no privilege. */
async function ensureOwner(path: string, owner: Owner): Promise<void> {
  const present = await stat(path);
  const uid = owner.uid ?? present.uid;
  const gid = owner.gid ?? present.gid;
  if (uid !== present.uid || gid !== present.gid) await chown(path, uid, gid);
}

async function ensureMode(path: string, mode: number): Promise<void> {
  if (((await stat(path)).mode & 0o7777) !== mode) await chmod(path, mode);
}
