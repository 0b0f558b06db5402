import type { JsonFlaw } from "./json-flaw.ts";
import { err, ok, type Result } from "./result.ts";

/** How far the reading of a JSON text has come. */
export interface JsonCursor {
  readonly text: string;
  /** Index of the next UTF-16 unit. */
  at: number;
  /** Brackets that are open. */
  depth: number;
}

/** Reads a text from left to right; what `read` throws by `flawAt` comes back as the flaw. */
export function readJsonText<T>(text: string, read: (cursor: JsonCursor) => T): Result<T, JsonFlaw> {
  try {
    return ok(read({ text, at: 0, depth: 0 }));
  } catch (thrown) {
    if (thrown instanceof FlawAt) return err(thrown.locate(text));
    throw thrown;
  }
}

/** What to throw for a flaw that is noticed at the place of the cursor, or in the byte that comes next. */
export function flawAt(cursor: JsonCursor, reason: string, bytesBeyond = 0): unknown {
  return new FlawAt(reason, cursor.at, bytesBeyond);
}

/** What to throw for a flaw in what comes next, which may be the end of the text. */
export function flawNext(cursor: JsonCursor, reason: string): unknown {
  return new FlawAt(reason, cursor.at, cursor.at < cursor.text.length ? 1 : 0);
}

/** The bytes of the UTF-8 form before an index of the text. */
export function byteOffset(text: string, at: number): number {
  return new TextEncoder().encode(text.slice(0, at)).length;
}

/** The place of an offset in bytes, as the reference's parser counts. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = new TextEncoder().encode(text).subarray(0, offset);
  const lineStart = before.lastIndexOf(LINE_FEED) + 1;
  const line = before.reduce((count, byte) => (byte === LINE_FEED ? count + 1 : count), 1);
  return { line, column: offset - lineStart };
}

class FlawAt {
  readonly #reason: string;
  readonly #at: number;
  readonly #bytesBeyond: number;

  constructor(reason: string, at: number, bytesBeyond: number) {
    this.#reason = reason;
    this.#at = at;
    this.#bytesBeyond = bytesBeyond;
  }

  locate(text: string): JsonFlaw {
    return { reason: this.#reason, ...placeOf(text, byteOffset(text, this.#at) + this.#bytesBeyond) };
  }
}

const LINE_FEED = 0x0a;
