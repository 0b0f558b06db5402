import { printByteSize } from "../../base/byte-size.ts";
import { fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { RoomLedger } from "./room-ledger.ts";
import type { FileStoreFault } from "./store-fault.ts";

export interface StoreRoomOptions {
  readonly ledger: RoomLedger;
  /** Most bytes that files may take up together. */
  readonly limit: () => number;
  /** Resolves once what is known of the disk is as fresh as it needs to be before an upload is refused. */
  readonly refresh: () => Promise<void>;
  /** Removes the oldest files, `bytes` or more in all if there are so many; without it nothing is ever removed. */
  readonly makeRoom?: (bytes: number) => Promise<void>;
  /** True when the file system has `bytes` left, and some beyond. */
  readonly diskHas: (bytes: number) => Promise<boolean>;
}

/** Gives room to uploads before they fill it, so that many at once cannot exceed the limit together. */
export interface StoreRoom {
  reserve(bytes: number): Promise<Result<Reservation, FileStoreFault>>;
}

/** Room for one upload. */
export interface Reservation {
  /** Makes it `bytes` large in all; `undefined` at once when it is already. Afterwards a fault when there is no room. */
  grow(bytes: number): Promise<FileStoreFault | undefined> | undefined;
  /** Once all is written: a fault when an upload that grew took what the disk has to keep free, since it was looked at before that was written. */
  confirm(): Promise<FileStoreFault | undefined>;
  /** Gives it back; may be called twice. */
  release(): void;
}

/** An upload of unknown length takes room in such steps. */
const STEP = 1024 * 1024;
/** Smaller uploads are left to the disk, which says when it is full. */
const WORTH_A_LOOK = 64 * 1024;

export function storeRoom(options: StoreRoomOptions): StoreRoom {
  const { ledger, limit, refresh, makeRoom, diskHas } = options;
  const lacking = (bytes: number) => ledger.used + ledger.reserved + bytes - limit();

  async function take(bytes: number, isWorthALook: boolean): Promise<FileStoreFault | undefined> {
    if (!ledger.isKnown || lacking(bytes) > 0) await refresh();
    if (lacking(bytes) > 0) await makeRoom?.(lacking(bytes));
    if (lacking(bytes) > 0) return noRoom(bytes);
    ledger.reserve(bytes);
    if (!isWorthALook || (await diskHas(bytes))) return undefined;
    await makeRoom?.(bytes);
    if (makeRoom !== undefined && (await diskHas(bytes))) return undefined;
    ledger.reserve(-bytes);
    return diskFull(bytes);
  }

  function noRoom(bytes: number): FileStoreFault {
    const taken = printByteSize(ledger.used + ledger.reserved);
    return fault(
      "no-room",
      `Not enough room: stored files may take up ${printByteSize(limit())} together (files.max_total), ` +
        `${taken} are taken, ${printByteSize(bytes)} more are needed`,
    );
  }

  return {
    async reserve(bytes) {
      const wanted = Math.max(0, bytes);
      const refused = wanted === 0 ? undefined : await take(wanted, wanted >= WORTH_A_LOOK);
      return refused === undefined ? ok(reservation(wanted)) : err(refused);
    },
  };

  function reservation(size: number): Reservation {
    let held = size;
    let hasGrown = false;
    return {
      async confirm() {
        return !hasGrown || (await diskHas(0)) ? undefined : diskFull(0);
      },
      grow(bytes) {
        return bytes <= held ? undefined : growTo(bytes);
      },
      release() {
        ledger.reserve(-held);
        held = 0;
      },
    };

    async function growTo(bytes: number): Promise<FileStoreFault | undefined> {
      const more = bytes - held;
      const generous = Math.max(more, STEP);
      const step = lacking(generous) <= 0 && (await diskHas(generous)) ? generous : more;
      // Many small pieces fill a disk as one large does.
      const refused = await take(step, true);
      hasGrown = true;
      if (refused === undefined) held += step;
      return refused;
    }
  }
}

function diskFull(bytes: number): FileStoreFault {
  return fault("disk-full", `The disk has no ${printByteSize(bytes)} left beside what it has to keep free`);
}
