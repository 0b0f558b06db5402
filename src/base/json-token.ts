import { flawAt, flawNext, type JsonCursor } from "./json-cursor.ts";

/** What a value is, by its first character. */
export type JsonToken = "object" | "array" | "string" | "number" | "true" | "false" | "null";

/** Skips space and tells which value comes next, without taking it. */
export function nextToken(cursor: JsonCursor): JsonToken {
  skipSpace(cursor);
  if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing a value");
  switch (cursor.text.charCodeAt(cursor.at)) {
    case 0x7b:
      return "object";
    case 0x5b:
      return "array";
    case 0x22:
      return "string";
    case 0x74:
      return "true";
    case 0x66:
      return "false";
    case 0x6e:
      return "null";
    default:
      if (cursor.text[cursor.at] === "-" || isDigit(cursor)) return "number";
      throw flawNext(cursor, "expected value");
  }
}

/** Takes the bracket that opens an object or array. At most 127 may be open. */
export function open(cursor: JsonCursor): void {
  cursor.depth += 1;
  if (cursor.depth >= DEEPEST) throw flawNext(cursor, "recursion limit exceeded");
  cursor.at += 1;
}

/** Takes the name of the next member and the colon behind it, or the closing brace: then `undefined`. */
export function nextName(cursor: JsonCursor, isFirst: boolean): string | undefined {
  const name = nextMemberName(cursor, isFirst);
  if (name !== undefined) takeColon(cursor);
  return name;
}

/** As `nextName`, but leaves the colon to `takeColon`. */
export function nextMemberName(cursor: JsonCursor, isFirst: boolean): string | undefined {
  if (!hasNext(cursor, isFirst, "object")) return undefined;
  if (cursor.text[cursor.at] !== '"') throw flawNext(cursor, "key must be a string");
  return readString(cursor);
}

export function takeColon(cursor: JsonCursor): void {
  skipSpace(cursor);
  if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing an object");
  if (cursor.text[cursor.at] !== ":") throw flawNext(cursor, "expected `:`");
  cursor.at += 1;
}

/** Goes on to the next element of an array; at the closing bracket, takes it and answers no. */
export function nextElement(cursor: JsonCursor, isFirst: boolean): boolean {
  return hasNext(cursor, isFirst, "list");
}

/** Nothing but space may follow. */
export function end(cursor: JsonCursor): void {
  skipSpace(cursor);
  if (cursor.at < cursor.text.length) throw flawNext(cursor, "trailing characters");
}

export function skipSpace(cursor: JsonCursor): void {
  const { text } = cursor;
  let { at } = cursor;
  for (let unit = text.charCodeAt(at); isSpace(unit); unit = text.charCodeAt(at)) at += 1;
  cursor.at = at;
}

/** Takes `true`, `false` or `null`. */
export function takeWord(cursor: JsonCursor, word: "true" | "false" | "null"): void {
  for (let index = 0; index < word.length; index += 1) {
    if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing a value");
    if (cursor.text[cursor.at] !== word[index]) throw flawNext(cursor, "expected ident");
    cursor.at += 1;
  }
}

export function readString(cursor: JsonCursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let at = start + 1;
  let hasEscapes = false;
  for (let unit = text.charCodeAt(at); unit !== QUOTE; unit = text.charCodeAt(at)) {
    at += 1;
    if (unit > BACKSLASH || (unit >= SPACE && unit !== BACKSLASH)) continue;
    cursor.at = at;
    if (unit !== BACKSLASH) throw brokenString(cursor);
    hasEscapes = true;
    takeEscape(cursor);
    at = cursor.at;
  }
  cursor.at = at + 1;
  return hasEscapes ? String(JSON.parse(text.slice(start, at + 1))) : text.slice(start + 1, at);
}

/** The number as it is spelled; none that a float64 cannot hold. */
export function readNumber(cursor: JsonCursor): string {
  const start = cursor.at;
  if (cursor.text[cursor.at] === "-") cursor.at += 1;
  takeInteger(cursor);
  if (cursor.text[cursor.at] === ".") {
    cursor.at += 1;
    if (cursor.at < cursor.text.length && !isDigit(cursor)) throw flawNext(cursor, "invalid number");
    takeDigits(cursor);
  }
  const letter = cursor.text[cursor.at];
  const exponentAt = letter === "e" || letter === "E" ? cursor.at : undefined;
  if (exponentAt !== undefined) takeExponent(cursor);
  const spelling = cursor.text.slice(start, cursor.at);
  if (Number.isFinite(Number(spelling))) return spelling;
  if (exponentAt !== undefined) cursor.at = endOfExponent(cursor, exponentAt);
  throw flawAt(cursor, "number out of range");
}

function hasNext(cursor: JsonCursor, isFirst: boolean, what: "object" | "list"): boolean {
  const close = what === "object" ? "}" : "]";
  skipSpace(cursor);
  const next = cursor.text[cursor.at];
  if (next === close) {
    cursor.at += 1;
    cursor.depth -= 1;
    return false;
  }
  if (next === undefined)
    throw flawAt(cursor, what === "object" ? "EOF while parsing an object" : "EOF while parsing a list");
  if (isFirst) return true;
  if (next !== ",") throw flawNext(cursor, `expected \`,\` or \`${close}\``);
  cursor.at += 1;
  skipSpace(cursor);
  if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing a value");
  if (cursor.text[cursor.at] === close) throw flawNext(cursor, "trailing comma");
  return true;
}

/** What to throw behind a control character, or behind the end of the text. */
function brokenString(cursor: JsonCursor): unknown {
  if (cursor.at <= cursor.text.length) {
    return flawAt(cursor, "control character (\\u0000-\\u001F) found while parsing a string");
  }
  cursor.at = cursor.text.length;
  return flawAt(cursor, "EOF while parsing a string");
}

function takeEscape(cursor: JsonCursor): void {
  const kind = cursor.text[cursor.at];
  if (kind === undefined) throw flawAt(cursor, "EOF while parsing a string");
  if (!'"\\/bfnrtu'.includes(kind)) throw flawNext(cursor, "invalid escape");
  cursor.at += 1;
  if (kind !== "u") return;
  const first = takeHexUnit(cursor);
  if (isTrailingSurrogate(first)) throw flawAt(cursor, LONE_SURROGATE);
  if (first < 0xd800 || first > 0xdbff) return;
  for (const expected of "\\u") {
    const next = cursor.text[cursor.at];
    if (next === undefined) throw flawAt(cursor, "EOF while parsing a string");
    if (next !== expected) throw flawNext(cursor, "unexpected end of hex escape");
    cursor.at += 1;
  }
  if (!isTrailingSurrogate(takeHexUnit(cursor))) throw flawAt(cursor, LONE_SURROGATE);
}

function takeHexUnit(cursor: JsonCursor): number {
  const digits = cursor.text.slice(cursor.at, cursor.at + 4);
  if (/^[0-9a-fA-F]{4}$/.test(digits)) {
    cursor.at += 4;
    return Number.parseInt(digits, 16);
  }
  if (new TextEncoder().encode(digits).length >= 4) throw flawAt(cursor, "invalid escape", 4);
  cursor.at = cursor.text.length;
  throw flawAt(cursor, "EOF while parsing a string");
}

function isTrailingSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function takeInteger(cursor: JsonCursor): void {
  if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing a value");
  if (!isDigit(cursor)) throw flawNext(cursor, "invalid number");
  if (cursor.text[cursor.at] !== "0") return takeDigits(cursor);
  cursor.at += 1;
  if (isDigit(cursor)) throw flawNext(cursor, "invalid number");
}

function takeExponent(cursor: JsonCursor): void {
  cursor.at += 1;
  const sign = cursor.text[cursor.at];
  if (sign === "+" || sign === "-") cursor.at += 1;
  if (cursor.at < cursor.text.length && !isDigit(cursor)) throw flawNext(cursor, "invalid number");
  takeDigits(cursor);
}

/** At least one. */
function takeDigits(cursor: JsonCursor): void {
  if (cursor.at >= cursor.text.length) throw flawAt(cursor, "EOF while parsing a value");
  while (isDigit(cursor)) cursor.at += 1;
}

/** Where an exponent is noticed to be too large: behind the digit that leaves the 32 bits which the reference's parser has for it. */
function endOfExponent({ text, at: end }: JsonCursor, start: number): number {
  let exponent = 0;
  for (let at = start + 1; at < end; at += 1) {
    if (text[at] === "+") continue;
    exponent = exponent * 10 + Number(text[at]);
    if (exponent > MAX_INT32) return at + 1;
  }
  return end;
}

function isDigit(cursor: JsonCursor): boolean {
  const unit = cursor.text.charCodeAt(cursor.at);
  return unit >= 0x30 && unit <= 0x39;
}

function isSpace(unit: number): boolean {
  return unit === SPACE || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DEEPEST = 128;
const MAX_INT32 = 2 ** 31 - 1;
const LONE_SURROGATE = "lone leading surrogate in hex escape";
