import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { diskFault } from "./disk-fault.ts";
import { footprint } from "./footprint.ts";
import { interruptible } from "./interruptible.ts";
import type { PartialDirectory } from "./partial-directory.ts";
import { describePartial, type PartialEntry } from "./partial-entry.ts";
import type { PartialRecord } from "./partial-record.ts";
import { judgeAppend, longerThan, shorterThan } from "./partial-rules.ts";
import type { AppendedPart, PartialUploadFault } from "./partial-uploads.ts";
import type { Precondition } from "./precondition.ts";
import type { RoomLedger } from "./room-ledger.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { StoreRoom } from "./store-room.ts";
import type { StoredFile } from "./stored-file.ts";
import { writeContent } from "./write-content.ts";

/** Data that is whole, to become a stored file. */
export interface FinishedUpload {
  readonly path: string;
  readonly condition: Precondition | undefined;
  /** Puts the data under its real name; throws what the operating system says. */
  readonly move: (target: string) => Promise<void>;
  /** Called at once after the move with the bytes that the store grew by. */
  readonly settle: (growth: number) => void;
}

export interface AppendContext {
  readonly directory: PartialDirectory;
  readonly ledger: RoomLedger;
  readonly room: StoreRoom;
  readonly store: (finished: FinishedUpload) => Promise<Result<StoredFile, FileStoreFault>>;
}

type Appended<T> = Promise<Result<T, PartialUploadFault>>;

/**
 * Adds the content of a request to an upload, and stores the file when it is whole: gives it then. What came is kept and safe on disk
 * also when the content breaks off. A fault whose `detail.isOver` is true is the end of the upload. Throws what the operating system says
 * where the upload is as it was.
 */
export async function appendPart(
  context: AppendContext,
  entry: PartialEntry,
  part: AppendedPart,
  signal: AbortSignal,
): Appended<StoredFile | undefined> {
  const judged = judgeAppend(describePartial(entry), part);
  if (!judged.ok) return judged;
  const { length } = judged.value;
  if (length !== undefined && length !== entry.record.length) await save(context, entry, { ...entry.record, length });
  if (part.content !== null) {
    const filled = await fill(context, entry, { ...part, content: part.content }, signal);
    if (!filled.ok) return filled;
  }
  if (!part.isLast) return ok(undefined);
  if (length !== undefined && length !== entry.size) return err(shorterThan(length, entry.size));
  return await finish(context, entry);
}

async function save({ directory }: AppendContext, entry: PartialEntry, record: PartialRecord): Promise<void> {
  await directory.save(entry.id, record);
  entry.record = record;
}

async function fill(
  { directory, ledger, room }: AppendContext,
  entry: PartialEntry,
  { content, contentLength = 0 }: AppendedPart & { readonly content: ReadableStream<Uint8Array> },
  signal: AbortSignal,
): Appended<undefined> {
  const { length } = entry.record;
  const before = entry.size;
  const more = (received: number) => footprint(before + received) - footprint(before);
  const reserved = await room.reserve(more(contentLength));
  if (!reserved.ok) return reserved;
  const reservation = reserved.value;
  try {
    const file = await directory.append(entry.id);
    try {
      const written = await writeContent<PartialUploadFault>(interruptible(content, signal), file, (received) => {
        if (length !== undefined && before + received > length) return Promise.resolve(over(longerThan(length)));
        return reservation.grow(more(received));
      });
      await file.seal().catch((thrown: unknown) => {
        throw new UnsafeData("unsafe", { cause: thrown });
      });
      if (written.ok) return ok();
      return err(signal.aborted && written.fault.code === "interrupted" ? SUPERSEDED : written.fault);
    } finally {
      await file.close();
      entry.size = await directory.size(entry.id);
      ledger.changeUnfinished(footprint(entry.size) - footprint(before));
    }
  } catch (thrown) {
    if (thrown instanceof UnsafeData) return err(over(diskFault(thrown.cause)));
    throw thrown;
  } finally {
    reservation.release();
  }
}

/** The disk did not take what it seemed to have taken: nobody knows any more what is there. */
class UnsafeData extends Error {}

const SUPERSEDED = fault("superseded", "Another request took this upload over");

async function finish(context: AppendContext, entry: PartialEntry): Appended<StoredFile> {
  const { directory, ledger, store } = context;
  const { size, record } = entry;
  await save(context, entry, { ...record, length: size, state: "storing" });
  const stored = await store({
    path: record.path,
    condition: record.condition,
    move: (target) => directory.move(entry.id, target),
    settle(growth) {
      ledger.changeUnfinished(-footprint(size));
      ledger.change(growth);
      entry.record = { ...entry.record, state: "stored" };
    },
  });
  if (stored.ok) {
    // Where the disk has no room for this, a later process concludes it from the data being gone.
    await directory.save(entry.id, entry.record).catch(() => undefined);
    return stored;
  }
  if (PASSING.includes(stored.fault.code)) {
    entry.record = { ...entry.record, state: "open" };
    return stored;
  }
  return err({ ...over(stored.fault), detail: { isOver: true, isComplete: true } });
}

/** Failures after which the client may try again to finish the upload. */
const PASSING: readonly FileStoreFault["code"][] = ["disk-full", "io"];

/** The fault as the end of its upload. */
function over<F extends Fault>(end: F): F {
  return { ...end, detail: { ...end.detail, isOver: true } };
}
