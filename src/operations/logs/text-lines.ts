import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

const PIECE = 256 * 1024;
const LONGEST_LINE = 16 * 1024 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** A line that is too long to be one. */
export class LineTooLong extends Error {
  constructor(path: string) {
    super(`${path} has a line of over 16 MiB`);
  }
}

/**
 * Gives a text file in pieces of whole lines, of which only the last may lack its end; a `.gz` file unpacked. Throws what the operating system
 * says, or `LineTooLong`.
 */
export async function* wholeLines(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of contentOf(path, signal)) {
    const text: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = text.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) yield text.subarray(0, end);
    rest = text.subarray(end);
    if (rest.length > LONGEST_LINE) throw new LineTooLong(path);
  }
  if (rest.length > 0) yield rest;
}

/** The lines of a text without their ends, LF or CR LF. */
export function* linesOf(text: Buffer): Generator<Buffer> {
  for (let from = 0; from < text.length; ) {
    const found = text.indexOf(LINE_FEED, from);
    const end = found === -1 ? text.length : found;
    const hasReturn = found > from && text[found - 1] === CARRIAGE_RETURN;
    yield text.subarray(from, hasReturn ? end - 1 : end);
    from = end + 1;
  }
}

async function* contentOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: PIECE, ...(signal === undefined ? {} : { signal }) });
  if (!path.endsWith(".gz")) return yield* chunks(file);
  const unpacked = createGunzip();
  file.on("error", (because) => unpacked.destroy(because));
  try {
    yield* chunks(file.pipe(unpacked));
  } finally {
    file.destroy();
  }
}

async function* chunks(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) yield chunk;
}
