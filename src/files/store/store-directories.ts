import { chmod, chown, mkdir, realpath, rmdir, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { syncDirectory } from "../../base/atomic-file.ts";

/** Who owns the directories of the store; a process that may not give files away leaves it silently. */
export interface DirectoryOwner {
  readonly uid: number;
  readonly gid: number;
}

/** A directory with all links resolved. */
export interface RealDirectory {
  readonly path: string;
  /** Whether it is the store's root or below it: a link may lead elsewhere. */
  readonly isInStore: boolean;
}

export interface MadeDirectory extends RealDirectory {
  /** Topmost directory that was made. */
  readonly topmost: string | undefined;
}

export interface StoreDirectories {
  /**
   * Makes `directory` and what is missing above it, each with mode 0755 and the owner; a directory that was there is set back to these
   * if it lies in the store (spec/http-api §2.3). Throws what the operating system says.
   */
  make(directory: string): Promise<MadeDirectory>;
  /** Throws what the operating system says. */
  resolve(directory: string): Promise<RealDirectory>;
  /** Removes `directory` and what is above it, up to but without `top`, as far as they are empty and lie in the store. Never throws. */
  prune(directory: string, top: string): Promise<void>;
}

const MODE = 0o755;

export function storeDirectories(root: string, owner?: DirectoryOwner): StoreDirectories {
  async function setBack(directory: string): Promise<void> {
    const { mode, uid, gid } = await stat(directory);
    if ((mode & 0o7777) !== MODE) await chmod(directory, MODE).catch(() => undefined);
    if (owner !== undefined && (uid !== owner.uid || gid !== owner.gid)) {
      await chown(directory, owner.uid, owner.gid).catch(() => undefined);
    }
  }

  let realRoot: string | undefined;

  async function resolve(directory: string): Promise<RealDirectory> {
    const path = await realpath(directory);
    realRoot ??= await realpath(root);
    return { path, isInStore: path === realRoot || path.startsWith(`${realRoot}${sep}`) };
  }

  return {
    async make(directory) {
      const topmost = await mkdir(directory, { recursive: true, mode: MODE });
      for (const made of topmost === undefined ? [] : between(topmost, directory)) await setBack(made);
      if (topmost !== undefined) await syncDirectory(dirname(topmost));
      const real = await resolve(directory);
      if (topmost === undefined && real.isInStore) await setBack(real.path);
      return { ...real, topmost };
    },
    resolve,
    async prune(directory, top) {
      try {
        if (!(await resolve(directory)).isInStore) return;
        for (let empty = directory; empty !== top && empty !== root; empty = dirname(empty)) await rmdir(empty);
      } catch {
        // Not empty, or gone already: as it should be.
      }
    },
  };
}

/** The directories from `topmost` down to `lowest`, both included. */
function between(topmost: string, lowest: string): string[] {
  const directories = [topmost];
  let path = topmost;
  for (const name of relative(topmost, lowest).split(sep).filter(Boolean)) {
    path = join(path, name);
    directories.push(path);
  }
  return directories;
}
