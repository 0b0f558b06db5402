import type { Stats } from "node:fs";
import { lstat, stat, unlink } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { fault, toFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { isTemporaryName } from "../temporary-file.ts";
import type { FileStore, FileStoreFault } from "./file-store.ts";
import { followLinks } from "./follow-links.ts";
import { removeStaleUploads } from "./stale-uploads.ts";
import { type DirectoryOwner, storeDirectories } from "./store-directories.ts";
import { locateInStore } from "./store-path.ts";
import { diskFault, storeUpload } from "./store-upload.ts";
import { openStored, statStored } from "./stored-file.ts";

export interface FileStoreOptions {
  /** Directory of the store: `<data.path>/file-transfer`. */
  readonly root: string;
  /** Owner of the directories that the store makes. */
  readonly owner?: DirectoryOwner;
  readonly log: Log;
}

/** The store on disk (spec/http-api §2). Links in it are followed, as the reference does: only local processes can make one. */
export function createFileStore(options: FileStoreOptions): FileStore {
  const root = resolve(options.root);
  const directories = storeDirectories(root, options.owner);

  async function at<T>(path: string, use: (located: string) => Promise<Result<T, FileStoreFault>>) {
    const located = locateInStore(root, path);
    if (located === undefined || isTemporaryName(basename(located))) {
      return err<FileStoreFault>(fault("outside", `Invalid file path: ${quoteText(path)}`));
    }
    try {
      return await use(located);
    } catch (thrown) {
      return err(diskFault(thrown));
    }
  }

  async function lookUp<T>(path: string, look: (located: string) => Promise<T | undefined>) {
    return await at<T>(path, async (located) => {
      const notFound = err<FileStoreFault>(fault("not-found", `File not found: ${quoteText(path)}`));
      try {
        const file = await look(located);
        return file === undefined ? notFound : ok(file);
      } catch (thrown) {
        return NOTHING_THERE.includes(toFault(thrown).code) ? notFound : err(diskFault(thrown));
      }
    });
  }

  return {
    async open() {
      try {
        await directories.make(root);
        const removed = await removeStaleUploads(root);
        if (removed > 0) options.log.info(`Removed ${removed} incomplete uploads of an earlier run`);
        return ok();
      } catch (thrown) {
        return err(diskFault(thrown, `Cannot make the file store ${root}`));
      }
    },

    find: (path) => lookUp(path, statStored),

    read: (path) => lookUp(path, openStored),

    put: (path, content) =>
      at(path, async (located) => {
        const target = await followLinks(located);
        const present = await statIfThere(target);
        if (located === root || present?.isDirectory() === true) {
          return err(fault("is-directory", `Cannot upload: ${quoteText(path)} is a directory, not a file`));
        }
        if (present?.isFile() === false) return err(fault("io", "The target is neither a file nor a directory"));
        return await storeUpload({ directories, target, content, mode: present?.mode });
      }),

    remove: (path) =>
      at(path, async (located) => {
        try {
          if ((await lstat(located)).isDirectory()) {
            return err(fault("is-directory", `Cannot delete: ${quoteText(path)} is a directory, not a file`));
          }
          await unlink(located);
        } catch (thrown) {
          if (toFault(thrown).code === "ENOENT") return ok(false);
          throw thrown;
        }
        await directories.prune(dirname(located), root);
        return ok(true);
      }),
  };
}

/** Codes that mean for a reader that the file does not exist. */
const NOTHING_THERE: readonly string[] = ["ENOENT", "ENOTDIR", "EISDIR", "ENXIO"];

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return undefined;
    throw thrown;
  }
}
