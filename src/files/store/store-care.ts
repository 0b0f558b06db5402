import { statfs, utimes } from "node:fs/promises";
import { relative } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { SizeLimit } from "../../config/types/size-limit-type.ts";
import { checkDiskSpace } from "../disk-space.ts";
import { fileAges } from "./file-age.ts";
import { footprint } from "./footprint.ts";
import { oldestFiles } from "./oldest-files.ts";
import type { Pins } from "./pins.ts";
import { type RemovalContext, removeTarget } from "./remove-target.ts";
import type { RoomLedger } from "./room-ledger.ts";
import { storeKeeping } from "./store-keeping.ts";
import type { StoreRoomOptions } from "./store-room.ts";
import { surveyStore } from "./store-survey.ts";
import type { StoreEntry } from "./store-walk.ts";
import type { UploadNames } from "./upload-names.ts";

export interface StoreCareOptions extends RemovalContext {
  readonly names: UploadNames;
  /** Directory of unfinished uploads. */
  readonly uploadsRoot: string;
  readonly ledger: RoomLedger;
  readonly pins: Pins;
  readonly limit: SizeLimit | undefined;
  /** Milliseconds. */
  readonly expireAfter: number | undefined;
  /** Gives up abandoned uploads. */
  readonly sweep: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How full the store is and may be, and what goes because of its age. */
export interface StoreCare {
  readonly room: Omit<StoreRoomOptions, "ledger">;
  /** Finds out how large the disk is. Throws what the operating system says. */
  measure(): Promise<void>;
  tend(signal: AbortSignal): Promise<void>;
}

const HOUR = 3_600_000;
const SECOND = 1_000;
/** Files that are removed at most after one look for the oldest. */
const OLDEST = 256;

export function storeCare(options: StoreCareOptions): StoreCare {
  const { root, uploadsRoot, ledger, pins, names, limit, expireAfter, clock, log } = options;
  const ages = expireAfter === undefined ? undefined : fileAges(expireAfter, clock);
  const isUploads = (directory: string) => directory === uploadsRoot;
  let most = Number.POSITIVE_INFINITY;

  async function measure(): Promise<void> {
    if (limit === undefined) return;
    if (limit.kind === "bytes") {
      most = limit.bytes;
    } else {
      const { bsize, blocks } = await statfs(root);
      most = Math.floor(bsize * blocks * limit.share);
    }
  }

  /** Removes a file that was not written to since it was looked at, and gives the bytes that this made free. */
  async function expire(path: string, written: number, why: string): Promise<number> {
    let size = 0;
    const removed = await removeTarget(options, {
      target: path,
      async refuse(present) {
        size = Number(present?.size ?? 0);
        const isSame = present?.isFile() === true && Math.abs(Number(present.mtimeMs) - written) < 1;
        return isSame && !pins.has(path) ? undefined : fault("io", "It is in use");
      },
    }).catch(() => undefined);
    if (removed?.ok !== true || !removed.value) return 0;
    log.info(`Removed ${quoteText(relative(root, path))} ${why}: last written ${new Date(written).toISOString()}`);
    return footprint(size);
  }

  async function visit({ path, stats }: StoreEntry): Promise<void> {
    if (ages === undefined || pins.has(path)) return;
    switch (ages.judge(stats.mtimeMs)) {
      case "keep":
        return;
      case "expired":
        await expire(path, stats.mtimeMs, "because of its age (files.expire_after)");
        return;
      case "stamp": {
        const now = clock.now() / SECOND;
        await utimes(path, now, now).catch(() => undefined);
      }
    }
  }

  async function makeRoom(bytes: number): Promise<void> {
    const skip = (path: string) => isUploads(path) || pins.has(path);
    let freed = 0;
    for (let goesOn = true; goesOn && freed < bytes; ) {
      goesOn = false;
      for (const { path, written } of await oldestFiles(root, OLDEST, skip)) {
        if (freed >= bytes) return;
        const more = await expire(path, written, "to make room for an upload");
        freed += more;
        if (more > 0) goesOn = true;
      }
    }
  }

  const keeping = storeKeeping({
    async survey(pause) {
      await measure().catch(() => undefined);
      ages?.look();
      return await surveyStore({ root, ledger, skip: isUploads, isFilling: names.has, visit, pause });
    },
    sweep: options.sweep,
    interval: Math.min(HOUR, Math.max(SECOND, (expireAfter ?? HOUR) / 10)),
    clock,
    log,
  });

  return {
    room: {
      limit: () => most,
      refresh: keeping.refresh,
      ...(expireAfter === undefined ? {} : { makeRoom }),
      diskHas: async (bytes) => (await checkDiskSpace(root, bytes).catch(() => undefined)) === undefined,
    },
    measure,
    tend: keeping.tend,
  };
}
