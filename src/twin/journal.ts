import { constants } from "node:fs";
import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type FileFaultCode, fileFault, readText, replaceFile } from "../base/atomic-file.ts";
import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { formatJournalLine, JOURNAL_HEADER, type JournalLine } from "./journal-line.ts";

type Written = Result<undefined, Fault<FileFaultCode>>;

/**
 * The file `entity_store.jsonl`: lines are appended and synced; rewriting it replaces it whole. It is the reference's format
 * (spec/mqtt-api §12). What tebus adds are lines that the reference's reader takes for nothing: removals (an empty payload; when the
 * broker has cleared the topics too, a second one with `retain` false) and fragments taken away (an empty payload on a twin topic).
 */
export interface Journal {
  readonly path: string;
  /** The text of the file; empty when there is none. What a rewriting that was killed left beside it is removed. */
  read(): Promise<Result<string, Fault<FileFaultCode>>>;
  /** After a fault the end of the file is in doubt: only `rewrite` mends it. */
  append(lines: readonly JournalLine[]): Promise<Written>;
  rewrite(lines: readonly JournalLine[]): Promise<Written>;
}

export function createJournal(path: string): Journal {
  // A last line that was torn by a loss of power must not run into the next one.
  let needsLineEnd = false;
  return {
    path,
    async read() {
      await removeUnfinished(path);
      const text = await readText(path);
      if (!text.ok) return text.fault.code === "not-found" ? ok("") : text;
      needsLineEnd = text.value !== "" && !text.value.endsWith("\n");
      return text;
    },
    async append(lines) {
      const text = (needsLineEnd ? "\n" : "") + format(lines);
      const appended = await appendSynced(path, text);
      if (appended.ok) needsLineEnd = false;
      return appended;
    },
    async rewrite(lines) {
      const replaced = await replaceFile(path, `${JOURNAL_HEADER}\n${format(lines)}`);
      if (replaced.ok) needsLineEnd = false;
      return replaced;
    },
  };
}

/** Temporary files of base/atomic-file.ts. That some cannot be removed harms nothing. */
async function removeUnfinished(path: string): Promise<void> {
  const directory = dirname(path);
  const names = await readdir(directory).catch(() => []);
  const unfinished = names.filter((name) => name.startsWith(`.${basename(path)}.`) && name.endsWith(".tmp"));
  for (const name of unfinished) await rm(join(directory, name), { force: true }).catch(() => undefined);
}

function format(lines: readonly JournalLine[]): string {
  return lines.map((line) => `${formatJournalLine(line)}\n`).join("");
}

/** Never makes the file: one that is gone has lost its earlier lines too, and is to be rewritten. */
async function appendSynced(path: string, text: string): Promise<Written> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_APPEND);
    await file.writeFile(text);
    await file.datasync();
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot write ${path}`, thrown));
  } finally {
    await file?.close();
  }
}
