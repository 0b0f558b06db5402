import type { FileFaultCode } from "../base/atomic-file.ts";
import { type BackoffPolicy, backoffDelay } from "../base/backoff.ts";
import type { CancelTimer, Clock } from "../base/clock.ts";
import { describeFault, type Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Journal } from "./journal.ts";
import type { JournalLine } from "./journal-line.ts";
import { announcedLine, snapshotLines } from "./journal-lines.ts";
import { type JournalContent, readJournal } from "./read-journal.ts";
import type { RegistryState } from "./registry-state.ts";

/** Keeps the journal in step with the registry, over faults of the disk. Calls must not overlap. */
export interface JournalKeeper {
  /** What an earlier process left; nothing when `cleanStart`, or when the file cannot be read. */
  open(cleanStart: boolean): Promise<JournalContent>;
  /** Resolves successfully once the lines are on disk. Without lines, mends what an earlier fault left, if that is due. */
  store(lines: readonly JournalLine[]): Promise<Result<undefined, Fault<FileFaultCode>>>;
  close(): Promise<void>;
}

export interface JournalKeeperOptions {
  readonly journal: Journal;
  readonly schema: TopicSchema;
  readonly state: RegistryState;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether everything published so far has reached the broker. */
  readonly isAnnounced: () => boolean;
  /** Called when a try to mend the file is due: `store` has to be called. */
  readonly onDue: () => void;
}

/** So many lines that say nothing any more make the file be rewritten (spec/mqtt-api §12). */
const REDUNDANT_LINES = 100;
/** To find out costs as much as a look at everything, so it is found out only once in so many lines. */
const LOOK_EVERY = 25;
const RETRY: BackoffPolicy = { initial: 1_000, maximum: 60_000, factor: 2, jitter: 0 };
const MIDDLE = 0.5;

export function createJournalKeeper(options: JournalKeeperOptions): JournalKeeper {
  const { journal, schema, state, clock, log } = options;
  const { path } = journal;
  let lineCount = 0;
  let failures = 0;
  let cancelRetry: CancelTimer | undefined;
  let isDue = false;
  let isMarked = true;
  /** Fewer lines than that need not be looked at for redundant ones. */
  let compactFrom = 0;

  /** Without a mark: of what is written, something may be just about to be published. */
  const rewrite = async (lines: readonly JournalLine[]) => {
    const rewritten = await journal.rewrite(lines);
    if (!rewritten.ok) return rewritten;
    lineCount = lines.length;
    isMarked = lines.length === 0;
    return rewritten;
  };

  /** The mark that is owed goes along with what is written next, so that it costs no sync of its own. */
  const append = async (lines: readonly JournalLine[]) => {
    const mark = !isMarked && options.isAnnounced() ? [announcedLine(schema)] : [];
    if (mark.length + lines.length === 0) return ok();
    const appended = await journal.append([...mark, ...lines]);
    if (!appended.ok) return appended;
    lineCount += lines.length;
    isMarked = lines.length === 0;
    return appended;
  };

  /** An append that failed may have left half a line, or a file that is gone: only the whole is known to be right. */
  const mend = async (): Promise<Result<undefined, Fault<FileFaultCode>>> => {
    cancelRetry?.();
    // Tries that new lines bring in between must not put off the next one by itself.
    const counts = failures === 0 || isDue;
    isDue = false;
    const mended = await rewrite(snapshotLines(schema, state));
    if (mended.ok) {
      if (failures > 0) log.info(`${path} is complete again`);
      failures = 0;
      return ok();
    }
    const text = `Registrations are kept in memory only: ${describeFault(mended.fault)}`;
    if (failures === 0) log.error(`${text}. Make room or give write access; trying again`);
    if (counts) failures += 1;
    const delay = backoffDelay(RETRY, failures, MIDDLE);
    log.debug(`${text}. Next try in ${delay / 1_000}s`);
    cancelRetry = clock.after(delay, () => {
      isDue = true;
      options.onDue();
    });
    return err(mended.fault);
  };

  const compact = async () => {
    if (lineCount < compactFrom || lineCount - state.tree.size < REDUNDANT_LINES) return;
    const lines = snapshotLines(schema, state);
    compactFrom = lineCount + LOOK_EVERY;
    if (lineCount - lines.length < REDUNDANT_LINES) return;
    compactFrom = 0;
    const compacted = await rewrite(lines);
    if (!compacted.ok) log.warn(`Cannot shorten ${path}`, compacted.fault);
  };

  /** Where the topic was first seen counts, so who was moved below a younger entity comes before its parent. */
  const isAnyoneBeforeParent = () => {
    const seen = new Set<EntityId>();
    for (const { entity, stored } of state.tree.records()) {
      const { id, parent } = entity;
      if (stored && parent !== undefined && parent !== MAIN_DEVICE && !seen.has(parent)) return true;
      seen.add(id);
    }
    return false;
  };

  /** The reference drops on reading whoever comes before its parent; a device may move back to it. */
  const putInOrder = async () => {
    const lines = snapshotLines(schema, state);
    const isAnnounced = options.isAnnounced();
    const rewritten = await rewrite(isAnnounced ? [...lines, announcedLine(schema)] : lines);
    if (!rewritten.ok) log.warn(`Cannot put ${path} in order`, rewritten.fault);
  };

  return {
    async open(cleanStart) {
      const text = await journal.read();
      if (!text.ok) log.error("Starting without the registrations of the last run", text.fault);
      const content = readJournal(schema, text.ok && !cleanStart ? text.value : "");
      for (const line of content.unreadable.slice(0, TOLD_LINES))
        log.warn(`Line ${line} of ${path} is skipped: not readable`);
      if (content.unreadable.length > TOLD_LINES) log.warn(`${content.unreadable.length} lines are skipped in all`);
      lineCount = content.lines;
      isMarked = content.unannounced.length === 0;
      if (text.ok && (cleanStart || text.value === "")) await mend();
      return content;
    },
    async store(lines) {
      if (failures > 0) return lines.length > 0 || isDue ? mend() : ok();
      if (lines.length === 0) return ok();
      const appended = await append(lines);
      if (!appended.ok) return mend();
      await compact();
      return ok();
    },
    async close() {
      cancelRetry?.();
      if (failures > 0) await mend();
      else if (isAnyoneBeforeParent()) await putInOrder();
      else await append([]);
      cancelRetry?.();
    },
  };
}

const TOLD_LINES = 10;
