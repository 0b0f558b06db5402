import { open } from "node:fs/promises";
import { linesOf } from "./text-lines.ts";

/** Bytes in which the first line with a time has to be. */
const HEAD = 64 * 1024;
/** Bytes of a line in which its time has to end. */
const STAMP = 64;

const SHAPE = /^[[<"]?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)/;

/**
 * When a line was written, in Unix seconds, if it begins with a date and time as of ISO 8601 and tells the offset: without that, nobody knows
 * in which time zone the program counts.
 */
export function lineStamp(line: Buffer): number | undefined {
  const [, date, time, offset] = SHAPE.exec(line.subarray(0, STAMP).toString("latin1")) ?? [];
  if (date === undefined || time === undefined || offset === undefined) return undefined;
  const milliseconds = Date.parse(`${date}T${time}${offset.replace(/(\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1_000);
}

/** When the lines of a file begin, in Unix seconds; `undefined` when they do not tell, or cannot be read. */
export async function firstStamp(path: string): Promise<number | undefined> {
  if (path.endsWith(".gz")) return undefined;
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      for (const line of linesOf(buffer.subarray(0, bytesRead))) {
        const stamp = lineStamp(line);
        if (stamp !== undefined) return stamp;
      }
    } finally {
      await file.close();
    }
  } catch {
    // Whoever reads the file whole will tell.
  }
  return undefined;
}
