import { basename } from "node:path";
import { toFault } from "../../base/fault.ts";
import { osErrorText } from "../../base/os-error.ts";
import { lineStamp } from "./line-stamp.ts";
import { LineTooLong, linesOf, wholeLines } from "./text-lines.ts";

export interface LogPrinter {
  readonly print: (bytes: Uint8Array) => void;
  /** Tells of a file that cannot be read. */
  readonly warn: (text: string) => void;
}

const LINE_FEED = 10;

/**
 * Prints files one after the other, each under a line with its name; lines that were written after `until`, in Unix seconds, are left out where
 * they tell their time. Gives how many files could be read (spec/operations §7.9).
 */
export async function printLogFiles(
  paths: readonly string[],
  until: number | undefined,
  printer: LogPrinter,
): Promise<number> {
  let printed = 0;
  for (const path of paths) {
    try {
      await printFile(path, until, printer.print);
      printed += 1;
    } catch (thrown) {
      const why = thrown instanceof LineTooLong ? thrown.message : osErrorText(toFault(thrown));
      printer.warn(`Skipping ${path}: ${why}`);
    }
  }
  return printed;
}

async function printFile(path: string, until: number | undefined, print: LogPrinter["print"]): Promise<void> {
  let isOpen = true;
  const isInTime = (line: Buffer) => {
    const stamp = lineStamp(line);
    // A line without a time belongs to the one before.
    if (stamp !== undefined) isOpen = until === undefined || stamp <= until;
    return isOpen;
  };
  let title: Buffer | undefined = Buffer.from(`filename: ${basename(path)}\n`);
  let last: number | undefined;
  for await (const text of wholeLines(path)) {
    if (title !== undefined) print(title);
    title = undefined;
    const chosen = until === undefined ? text : Buffer.concat([...linesOf(text)].filter(isInTime).flatMap(withEnd));
    if (chosen.length > 0) print(chosen);
    last = chosen.at(-1) ?? last;
  }
  if (title !== undefined) print(title);
  if (last !== undefined && last !== LINE_FEED) print(NEW_LINE);
}

const NEW_LINE = Buffer.from("\n");

function withEnd(line: Buffer): readonly Buffer[] {
  return [line, NEW_LINE];
}
