/** Where things are in a JSON text, as byte offsets of its UTF-8 form. */
export interface JsonLayout {
  readonly start: number;
  readonly end: number;
  /** The members of the outermost object in order of the text; empty for another value. */
  readonly members: readonly MemberLayout[];
}

export interface MemberLayout {
  readonly name: string;
  /** Behind the closing quote of the name. */
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The first thing that is wrong with a JSON text, and the offset behind the last byte that was looked at. */
export interface JsonFlaw {
  readonly reason: string;
  readonly offset: number;
}

export type JsonScan =
  | { readonly ok: true; readonly layout: JsonLayout }
  | { readonly ok: false; readonly flaw: JsonFlaw };

/** Deepest nesting that the reference's parser takes. */
const DEEPEST = 128;

/** Walks over a JSON text strictly, and stops at the first flaw with the reason and the place that the reference's parser tells. */
export function scanJson(bytes: Uint8Array): JsonScan {
  try {
    const members: MemberLayout[] = [];
    const cursor: Cursor = { bytes, at: 0, depth: 0 };
    skipSpace(cursor);
    const start = cursor.at;
    scanValue(cursor, (member) => members.push(member));
    const end = cursor.at;
    skipSpace(cursor);
    if (cursor.at < bytes.length) throw peeked(cursor, "trailing characters");
    return { ok: true, layout: { start, end, members } };
  } catch (thrown) {
    if (thrown instanceof Flaw) return { ok: false, flaw: thrown };
    throw thrown;
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  depth: number;
}

class Flaw implements JsonFlaw {
  readonly reason: string;
  readonly offset: number;

  constructor(reason: string, offset: number) {
    this.reason = reason;
    this.offset = offset;
  }
}

type OnMember = (member: MemberLayout) => void;

function scanValue(cursor: Cursor, onMember?: OnMember): void {
  skipSpace(cursor);
  switch (peek(cursor)) {
    case undefined:
      throw peeked(cursor, "EOF while parsing a value");
    case "{":
      return nested(cursor, () => scanObject(cursor, onMember));
    case "[":
      return nested(cursor, () => scanArray(cursor));
    case '"':
      scanString(cursor);
      return;
    case "t":
      return scanWord(cursor, "true");
    case "f":
      return scanWord(cursor, "false");
    case "n":
      return scanWord(cursor, "null");
    default:
      return scanNumber(cursor);
  }
}

function nested(cursor: Cursor, scan: () => void): void {
  cursor.depth += 1;
  if (cursor.depth >= DEEPEST) throw peeked(cursor, "recursion limit exceeded");
  cursor.at += 1;
  scan();
  cursor.at += 1;
  cursor.depth -= 1;
}

function scanArray(cursor: Cursor): void {
  for (let first = true; ; first = false) {
    skipSpace(cursor);
    const next = peek(cursor);
    if (next === "]") return;
    if (next === undefined) throw peeked(cursor, "EOF while parsing a list");
    if (!first) {
      if (next !== ",") throw peeked(cursor, "expected `,` or `]`");
      cursor.at += 1;
      skipSpace(cursor);
      if (peek(cursor) === "]") throw peeked(cursor, "trailing comma");
    }
    scanValue(cursor);
  }
}

function scanObject(cursor: Cursor, onMember?: OnMember): void {
  for (let first = true; ; first = false) {
    skipSpace(cursor);
    const next = peek(cursor);
    if (next === "}") return;
    if (next === undefined) throw peeked(cursor, "EOF while parsing an object");
    if (!first) {
      if (next !== ",") throw peeked(cursor, "expected `,` or `}`");
      cursor.at += 1;
      skipSpace(cursor);
    }
    scanMember(cursor, onMember);
  }
}

function scanMember(cursor: Cursor, onMember?: OnMember): void {
  const quote = peek(cursor);
  if (quote === undefined) throw peeked(cursor, "EOF while parsing a value");
  if (quote === "}") throw peeked(cursor, "trailing comma");
  if (quote !== '"') throw peeked(cursor, "key must be a string");
  const nameStart = cursor.at;
  scanString(cursor);
  const nameEnd = cursor.at;
  skipSpace(cursor);
  if (peek(cursor) === undefined) throw peeked(cursor, "EOF while parsing an object");
  if (peek(cursor) !== ":") throw peeked(cursor, "expected `:`");
  cursor.at += 1;
  skipSpace(cursor);
  const valueStart = cursor.at;
  scanValue(cursor);
  if (onMember === undefined) return;
  const name = String(JSON.parse(new TextDecoder().decode(cursor.bytes.subarray(nameStart, nameEnd))));
  onMember({ name, nameEnd, valueStart, valueEnd: cursor.at });
}

function scanString(cursor: Cursor): void {
  cursor.at += 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new Flaw("EOF while parsing a string", cursor.at);
    cursor.at += 1;
    if (byte === QUOTE) return;
    if (byte < SPACE) throw new Flaw("control character (\\u0000-\\u001F) found while parsing a string", cursor.at);
    if (byte === BACKSLASH) scanEscape(cursor);
  }
}

function scanEscape(cursor: Cursor): void {
  const kind = peek(cursor);
  if (kind === undefined) throw new Flaw("EOF while parsing a string", cursor.at);
  cursor.at += 1;
  if (kind !== "u") {
    if (!'"\\/bfnrt'.includes(kind)) throw new Flaw("invalid escape", cursor.at);
    return;
  }
  const unit = scanHexDigits(cursor);
  if (isTrailingSurrogate(unit)) throw new Flaw(LONE_SURROGATE, cursor.at);
  if (unit < 0xd800 || unit > 0xdbff) return;
  for (const expected of "\\u") {
    const next = peek(cursor);
    if (next === undefined) throw new Flaw("EOF while parsing a string", cursor.at);
    cursor.at += 1;
    if (next !== expected) throw new Flaw("unexpected end of hex escape", cursor.at);
  }
  if (!isTrailingSurrogate(scanHexDigits(cursor))) throw new Flaw(LONE_SURROGATE, cursor.at);
}

const LONE_SURROGATE = "lone leading surrogate in hex escape";

function isTrailingSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function scanHexDigits(cursor: Cursor): number {
  if (cursor.bytes.length < cursor.at + 4) throw new Flaw("EOF while parsing a string", cursor.bytes.length);
  let unit = 0;
  for (let count = 0; count < 4; count += 1) {
    const digit = Number.parseInt(peek(cursor) ?? "", 16);
    if (Number.isNaN(digit)) throw new Flaw("invalid escape", cursor.at - count + 4);
    unit = unit * 16 + digit;
    cursor.at += 1;
  }
  return unit;
}

function scanWord(cursor: Cursor, word: string): void {
  cursor.at += 1;
  for (const letter of word.slice(1)) {
    const next = peek(cursor);
    if (next === undefined) throw new Flaw("EOF while parsing a value", cursor.at);
    cursor.at += 1;
    if (next !== letter) throw new Flaw("expected ident", cursor.at);
  }
}

function scanNumber(cursor: Cursor): void {
  const start = cursor.at;
  scanNumberText(cursor);
  const spelling = new TextDecoder().decode(cursor.bytes.subarray(start, cursor.at));
  if (!Number.isFinite(Number(spelling))) throw new Flaw("number out of range", cursor.at);
}

function scanNumberText(cursor: Cursor): void {
  const negative = peek(cursor) === "-";
  if (negative) cursor.at += 1;
  const first = peek(cursor);
  if (first === undefined) throw new Flaw("EOF while parsing a value", cursor.at);
  if (!isDigit(first)) throw negative ? new Flaw("invalid number", cursor.at + 1) : peeked(cursor, "expected value");
  cursor.at += 1;
  if (first === "0" && isDigit(peek(cursor))) throw peeked(cursor, "invalid number");
  skipDigits(cursor);
  if (peek(cursor) === ".") {
    cursor.at += 1;
    scanDigits(cursor);
  }
  if (peek(cursor) === "e" || peek(cursor) === "E") {
    cursor.at += 1;
    if (peek(cursor) === "+" || peek(cursor) === "-") cursor.at += 1;
    scanDigits(cursor);
  }
}

function scanDigits(cursor: Cursor): void {
  const next = peek(cursor);
  if (next === undefined) throw new Flaw("EOF while parsing a value", cursor.at);
  if (!isDigit(next)) throw peeked(cursor, "invalid number");
  skipDigits(cursor);
}

function skipDigits(cursor: Cursor): void {
  while (isDigit(peek(cursor))) cursor.at += 1;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}

function skipSpace(cursor: Cursor): void {
  while (" \t\n\r".includes(peek(cursor) ?? "x")) cursor.at += 1;
}

function peek(cursor: Cursor): string | undefined {
  const byte = cursor.bytes[cursor.at];
  return byte === undefined ? undefined : String.fromCharCode(byte);
}

/** A flaw in the byte that comes next. */
function peeked(cursor: Cursor, reason: string): Flaw {
  return new Flaw(reason, Math.min(cursor.bytes.length, cursor.at + 1));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
