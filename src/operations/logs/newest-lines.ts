import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type FileFaultCode, fileFault } from "../../base/atomic-file.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { LineTooLong, linesOf, wholeLines } from "./text-lines.ts";

export interface LineChoice {
  /** Only lines that hold this text, case-sensitive; empty for every line. */
  readonly searchText: string;
  /** How many of the newest of those; 0 for all. */
  readonly lines: number;
}

type LinesFault = Fault<FileFaultCode | "not-utf8" | "line-too-long">;

/**
 * Copies the last lines of a text file, of those that hold a text, to a new file; each ends with a line feed there. The source is read twice, so
 * that any number of lines takes no more memory than a few (spec/operations §7.9).
 */
export async function copyNewestLines(
  source: string,
  target: string,
  { searchText, lines }: LineChoice,
  signal: AbortSignal,
): Promise<Result<undefined, LinesFault>> {
  const wanted = Buffer.from(searchText);
  const isWanted = (line: Buffer) => wanted.length === 0 || line.includes(wanted);
  try {
    let count = 0;
    for await (const text of wholeLines(source, signal)) {
      if (!isUtf8(text)) return err(fault("not-utf8", "The log is not UTF-8"));
      for (const line of linesOf(text)) if (isWanted(line)) count += 1;
    }
    await pick({ source, target, isWanted, skip: lines === 0 ? 0 : count - lines, signal });
    return ok();
  } catch (thrown) {
    if (thrown instanceof LineTooLong) return err(fault("line-too-long", "The log has a line of over 16 MiB"));
    return err(fileFault("The lines of the log cannot be picked", thrown));
  }
}

interface Picking {
  readonly source: string;
  readonly target: string;
  readonly isWanted: (line: Buffer) => boolean;
  /** So many of the first wanted lines are left out. */
  readonly skip: number;
  readonly signal: AbortSignal;
}

async function pick({ source, target, isWanted, skip, signal }: Picking): Promise<void> {
  const file = await open(target, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    let seen = 0;
    for await (const text of wholeLines(source, signal)) {
      const picked: Buffer[] = [];
      for (const line of linesOf(text)) {
        if (!isWanted(line)) continue;
        if (seen >= skip) picked.push(line, NEW_LINE);
        seen += 1;
      }
      if (picked.length > 0) await file.writeFile(Buffer.concat(picked));
    }
  } finally {
    await file.close();
  }
}

const NEW_LINE = Buffer.from("\n");
