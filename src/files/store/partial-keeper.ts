import type { Clock } from "../../base/clock.ts";
import { fault } from "../../base/fault.ts";
import { type KeyedLock, keyedLock } from "../../base/keyed-lock.ts";
import type { Log } from "../../base/log.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { diskFault } from "./disk-fault.ts";
import { footprint } from "./footprint.ts";
import { type AppendContext, appendPart } from "./partial-append.ts";
import type { FoundPartial } from "./partial-directory.ts";
import { describePartial, type PartialEntry } from "./partial-entry.ts";
import { judgeAppend } from "./partial-rules.ts";
import type {
  PartialOutcome,
  PartialUpload,
  PartialUploadFault,
  PartialUploads,
  UploadPart,
} from "./partial-uploads.ts";
import type { Precondition } from "./precondition.ts";

export interface PartialKeeperOptions extends AppendContext {
  /** Refuses a path to which nothing can be uploaded, before any content is taken. */
  readonly check: (path: string, condition: Precondition | undefined) => Promise<PartialUploadFault | undefined>;
  /** The same text for all spellings of a path. */
  readonly normalize: (path: string) => string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PartialKeeper extends PartialUploads {
  /** Takes up what an earlier process left. */
  load(): Promise<void>;
  /** Gives up what nothing happened to for a day. */
  sweep(): Promise<void>;
}

/** Uploads at the same time, with those that are remembered although they are complete. */
export const MOST_UPLOADS = 100;
/** Milliseconds without a request after which an upload is given up. */
export const ABANDONED_AFTER = 24 * 3_600_000;
/** Milliseconds without a request after which an upload has to make room for a new one. */
const SPARED_FOR = 3_600_000;

const UNKNOWN = fault("unknown", "There is no such upload for this path, or no more");
const TOO_MANY = fault("too-many", `There are ${MOST_UPLOADS} unfinished uploads already; try again later`);

export function partialKeeper(options: PartialKeeperOptions): PartialKeeper {
  const { directory, ledger, room, check, normalize, clock, log } = options;
  const entries = new Map<string, PartialEntry>();
  const lock: KeyedLock = keyedLock();
  const describe = (entry: PartialEntry): PartialUpload => {
    const idle = clock.monotonic() - entry.touched;
    return { ...describePartial(entry), maxAge: Math.ceil((ABANDONED_AFTER - idle) / 1_000) };
  };

  /** One job at a time works on an upload; `signal` is aborted as soon as another one comes. */
  async function on<T>(
    path: string,
    id: string,
    job: (entry: PartialEntry, signal: AbortSignal) => Promise<Result<T, PartialUploadFault>>,
  ): Promise<Result<T, PartialUploadFault>> {
    const known = entries.get(id);
    if (known === undefined || normalize(known.record.path) !== normalize(path)) return err(UNKNOWN);
    const turn = new AbortController();
    known.latest?.abort();
    known.latest = turn;
    return await lock.hold(id, async () => {
      const entry = entries.get(id);
      if (entry === undefined) return err(UNKNOWN);
      try {
        return await job(entry, turn.signal);
      } catch (thrown) {
        return err(diskFault(thrown));
      } finally {
        entry.touched = clock.monotonic();
      }
    });
  }

  async function forget(entry: PartialEntry): Promise<void> {
    if (!entries.delete(entry.id)) return;
    if (entry.record.state !== "stored") ledger.changeUnfinished(-footprint(entry.size));
    await directory.remove(entry.id).catch(() => undefined);
  }

  /** An upload that is complete, or that nothing happened to for long, makes way. */
  async function makeWay(): Promise<boolean> {
    if (entries.size < MOST_UPLOADS) return true;
    const byAge = [...entries.values()].sort((left, right) => left.touched - right.touched);
    const [oldest] = byAge;
    const isOld = oldest !== undefined && clock.monotonic() - oldest.touched > SPARED_FOR;
    const dispensable = byAge.find(({ record }) => record.state === "stored") ?? (isOld ? oldest : undefined);
    if (dispensable !== undefined) await forget(dispensable);
    return entries.size < MOST_UPLOADS;
  }

  async function begin(
    entry: PartialEntry,
    part: UploadPart,
    signal: AbortSignal,
  ): Promise<Result<PartialUpload, PartialUploadFault>> {
    await directory.create(entry.id, entry.record);
    ledger.changeUnfinished(footprint(0));
    const appended = await appendPart(options, entry, { ...part, offset: 0, isLast: false }, signal);
    return appended.ok ? ok(describe(entry)) : appended;
  }

  return {
    async create(path, part, condition) {
      const claim = judgeAppend(
        { offset: 0, length: undefined, isComplete: false },
        { ...part, offset: 0, isLast: false },
      );
      if (!claim.ok) return claim;
      const refused = await check(path, condition);
      if (refused !== undefined) return err(refused);
      const fits = await room.reserve(footprint(part.length ?? 0));
      if (!fits.ok) return fits;
      fits.value.release();
      if (!(await makeWay())) return err(TOO_MANY);
      const id = crypto.randomUUID();
      const record = { path, state: "open" as const, ...(condition === undefined ? {} : { condition }) };
      entries.set(id, { id, record, size: 0, touched: clock.monotonic() });
      return await on(path, id, async (entry, signal) => {
        // Nobody but the client of this request could go on with it, and only once it has the answer.
        const begun = await begin(entry, part, signal).catch((thrown: unknown) => err(diskFault(thrown)));
        if (!begun.ok) await forget(entry);
        return begun;
      });
    },

    find: (path, id) => on(path, id, async (entry) => ok(describe(entry))),

    append: (path, id, part) =>
      on<PartialOutcome>(path, id, async (entry, signal) => {
        const appended = await appendPart(options, entry, part, signal);
        if (!appended.ok) {
          if (appended.fault.detail?.isOver === true) await forget(entry);
          return appended;
        }
        const file = appended.value;
        if (file === undefined) return ok({ kind: "open", upload: describe(entry) });
        return ok({ kind: "stored", upload: describe(entry), file });
      }),

    cancel: (path, id) =>
      on(path, id, async (entry) => {
        await forget(entry);
        return ok();
      }),

    async load() {
      const now = clock.now();
      for (const found of await directory.load()) {
        const idle = Math.max(0, now - found.touched);
        const entry = { ...entryOf(found), touched: clock.monotonic() - idle };
        entries.set(entry.id, entry);
        if (entry.record.state !== "stored") ledger.changeUnfinished(footprint(entry.size));
      }
    },

    async sweep() {
      for (const { id } of [...entries.values()]) {
        await lock.hold(id, async () => {
          const entry = entries.get(id);
          if (entry === undefined || clock.monotonic() - entry.touched <= ABANDONED_AFTER) return;
          await forget(entry);
          if (entry.record.state === "stored") return;
          log.info(`Removed the unfinished upload of ${quoteText(entry.record.path)}: nothing came for a day`);
        });
      }
    },
  };
}

/** A process that was killed between storing an upload and remembering that has moved its data away. */
function entryOf({ id, record, size }: FoundPartial): PartialEntry {
  if (size === undefined) return { id, record: { ...record, state: "stored" }, size: record.length ?? 0, touched: 0 };
  return { id, record: { ...record, state: "open" }, size, touched: 0 };
}
