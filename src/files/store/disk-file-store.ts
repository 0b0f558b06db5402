import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { type Clock, systemClock } from "../../base/clock.ts";
import { fault, toFault } from "../../base/fault.ts";
import { keyedLock } from "../../base/keyed-lock.ts";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { SizeLimit } from "../../config/types/size-limit-type.ts";
import { isTemporaryName } from "../temporary-file.ts";
import { diskFault, impossiblePath } from "./disk-fault.ts";
import type { FileStore } from "./file-store.ts";
import { followLinks } from "./follow-links.ts";
import { footprint } from "./footprint.ts";
import { partialDirectory } from "./partial-directory.ts";
import { partialKeeper } from "./partial-keeper.ts";
import { createPins } from "./pins.ts";
import { removeTarget } from "./remove-target.ts";
import { footprintOf, refuseByCondition, refuseTarget, statIfThere, uploadToDirectory } from "./replace-target.ts";
import { roomLedger } from "./room-ledger.ts";
import { shareFile } from "./share-file.ts";
import { storeCare } from "./store-care.ts";
import { type DirectoryOwner, storeDirectories } from "./store-directories.ts";
import type { FileStoreFault } from "./store-fault.ts";
import { storeFinished } from "./store-finished.ts";
import { locateInStore } from "./store-path.ts";
import { storeRoom } from "./store-room.ts";
import { storeUpload } from "./store-upload.ts";
import { openStored, statStored } from "./stored-file.ts";
import { uploadNames } from "./upload-names.ts";

export interface FileStoreOptions {
  /** Directory of the store: `<data.path>/file-transfer`. */
  readonly root: string;
  /** Owner of the directories that the store makes. */
  readonly owner?: DirectoryOwner;
  /** What files may take up together; without it, what the disk has. */
  readonly limit?: SizeLimit;
  /**
   * Milliseconds after which a file that was not written to again is removed; without it none ever is. Reading does not count, since
   * devices mostly mount their disks with `noatime`.
   */
  readonly expireAfter?: number;
  readonly log: Log;
  readonly clock?: Clock;
}

/** Name of the directory with unfinished uploads, which no request path reaches. */
const UPLOADS = ".tebus-uploads";

/** The store on disk (spec/http-api §2). Links in it are followed, as the reference does: only local processes can make one. */
export function createFileStore(options: FileStoreOptions): FileStore {
  const { log, clock = systemClock, limit, expireAfter } = options;
  const root = resolve(options.root);
  const uploadsRoot = join(root, UPLOADS);
  const directories = storeDirectories(root, options.owner);
  const [ledger, pins, names] = [roomLedger(), createPins(), uploadNames()];
  const context = { root, directories, names, lock: keyedLock(), changed: ledger.change };
  const care = storeCare({
    ...context,
    uploadsRoot,
    ledger,
    pins,
    limit,
    expireAfter,
    log,
    clock,
    sweep: () => uploads.sweep(),
  });
  const room = storeRoom({ ledger, ...care.room });
  const uploads = partialKeeper({
    directory: partialDirectory(uploadsRoot, names),
    ledger,
    room,
    check: async (path, condition) => {
      const target = await at(path, (located) => lookAtTarget(located, path, condition));
      return target.ok ? undefined : target.fault;
    },
    // What is in the way now may be gone when the end is asked for again.
    store: (finished) =>
      at(finished.path, (located) =>
        storeFinished(context, located, finished).catch((thrown: unknown) => err(diskFault(thrown))),
      ),
    normalize: (path) => locateInStore(root, path) ?? path,
    clock,
    log,
  });

  async function at<T>(path: string, use: (located: string) => Promise<Result<T, FileStoreFault>>) {
    const located = locate(path);
    if (located === undefined) return err<FileStoreFault>(fault("outside", `Invalid file path: ${quoteText(path)}`));
    try {
      return await use(located);
    } catch (thrown) {
      return err(impossiblePath(path, thrown) ?? diskFault(thrown));
    }
  }

  function locate(path: string): string | undefined {
    const located = locateInStore(root, path);
    const isOurs = located === undefined || isTemporaryName(basename(located));
    return isOurs || located === uploadsRoot || located.startsWith(uploadsRoot + sep) ? undefined : located;
  }

  async function lookUp<T>(path: string, look: (located: string) => Promise<T | undefined>) {
    return await at<T>(path, async (located) => {
      const notFound = err<FileStoreFault>(fault("not-found", `File not found: ${quoteText(path)}`));
      try {
        const file = await look(located);
        return file === undefined ? notFound : ok(file);
      } catch (thrown) {
        if (NOTHING_THERE.includes(toFault(thrown).code)) return notFound;
        throw thrown;
      }
    });
  }

  /** What an upload would replace, unless that is forbidden anyway. */
  async function lookAtTarget(located: string, path: string, condition: Parameters<typeof refuseByCondition>[0]) {
    const target = await followLinks(located);
    const present = await statIfThere(target);
    const refused =
      located === root
        ? uploadToDirectory(path)
        : (refuseTarget(present, path) ?? refuseByCondition(condition, target, present, path));
    return refused === undefined ? ok({ target, present }) : err(refused);
  }

  const put: FileStore["put"] = (path, content, { length = 0, condition } = {}) =>
    at(path, async (located) => {
      const looked = await lookAtTarget(located, path, condition);
      if (!looked.ok) return looked;
      const { target, present } = looked.value;
      const credit = footprintOf(present);
      const reserved = await room.reserve(footprint(length) - credit);
      if (!reserved.ok) return reserved;
      const reservation = reserved.value;
      try {
        const mode = present === undefined ? undefined : Number(present.mode);
        return await storeUpload(context, { target, path, content, condition, mode, reservation, credit });
      } finally {
        reservation.release();
      }
    });

  return {
    uploads,

    async open() {
      try {
        await directories.make(root);
        await uploads.load();
        await care.measure();
        return ok();
      } catch (thrown) {
        return err(diskFault(thrown, `Cannot make the file store ${root}`));
      }
    },

    tend: care.tend,

    find: (path) => lookUp(path, statStored),

    read: (path) => lookUp(path, openStored),

    put,

    share: (path, source) =>
      at(path, async (located) => {
        const looked = await lookAtTarget(located, path, undefined);
        if (!looked.ok) return looked;
        try {
          return await shareFile(context, { target: looked.value.target, path, source });
        } catch (thrown) {
          if (toFault(thrown).code !== "EXDEV") throw thrown;
          return await put(path, createReadStream(source), { length: (await stat(source)).size });
        }
      }),

    remove: (path, condition) =>
      at(path, (located) =>
        removeTarget(context, {
          target: located,
          async refuse(present, real) {
            if (present?.isDirectory() === true) {
              return fault("is-directory", `Cannot delete: ${quoteText(path)} is a directory, not a file`);
            }
            return condition && refuseByCondition(condition, real, await statIfThere(real), path);
          },
        }),
      ),

    pin: (path) => pins.pin(locateInStore(root, path) ?? path),

    usage: () => ({ used: ledger.used, limit: care.room.limit() }),
  };
}

/** Codes that mean for a reader that the file does not exist. */
const NOTHING_THERE: readonly string[] = ["ENOENT", "ENOTDIR", "EISDIR", "ENXIO"];
