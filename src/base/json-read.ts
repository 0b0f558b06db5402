import { exhaustive } from "./exhaustive.ts";
import type { Json } from "./json.ts";
import { flawAt, type JsonCursor } from "./json-cursor.ts";
import { jsonNumber, numberKind } from "./json-number.ts";
import {
  type JsonToken,
  nextElement,
  nextName,
  nextToken,
  open,
  readNumber,
  readString,
  skipSpace,
  takeWord,
} from "./json-token.ts";
import { quoteText } from "./quoted-text.ts";

/** Reads any value; numbers keep their spelling, of members with the same name the last one counts. */
export function readJson(cursor: JsonCursor): Json {
  const token = nextToken(cursor);
  switch (token) {
    case "object":
      return readObject(cursor);
    case "array":
      return readArray(cursor);
    case "string":
      return readString(cursor);
    case "number":
      return jsonNumber(readNumber(cursor));
    default:
      takeWord(cursor, token);
      return token === "null" ? null : token === "true";
  }
}

/** Gives a member to an object, also one named `__proto__`. */
export function setMember(object: Record<string, Json>, name: string, value: Json): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * What to throw for a value of the wrong type: ``invalid type: boolean `true`, expected <expected>``. The reference's parser looks
 * at a value before it takes it where it wants one type, and steps into an object or array where it would take several.
 */
export function wrongType(cursor: JsonCursor, expected: string, stepsInto: boolean): unknown {
  const token = nextToken(cursor);
  if (stepsInto && (token === "object" || token === "array")) stepInto(cursor, token);
  return flawAt(cursor, `invalid type: ${kindOf(cursor, token)}, expected ${expected}`);
}

/** Moves to where the reference's parser is when it has refused an object or array at its opening bracket. */
export function stepInto(cursor: JsonCursor, token: "object" | "array"): void {
  open(cursor);
  skipSpace(cursor);
  const next = cursor.text[cursor.at];
  if (next === (token === "object" ? "}" : "]")) cursor.at += 1;
  if (token === "array" && next === ",") {
    cursor.at += 1;
    skipSpace(cursor);
  }
}

function kindOf(cursor: JsonCursor, token: JsonToken): string {
  switch (token) {
    case "object":
      return "map";
    case "array":
      return "sequence";
    case "string":
      return `string ${quoteText(readString(cursor))}`;
    case "number":
      return numberKind(readNumber(cursor));
    case "null":
      takeWord(cursor, token);
      return "null";
    case "true":
    case "false":
      takeWord(cursor, token);
      return `boolean \`${token}\``;
    default:
      return exhaustive(token);
  }
}

function readObject(cursor: JsonCursor): Json {
  const object: Record<string, Json> = {};
  open(cursor);
  for (let name = nextName(cursor, true); name !== undefined; name = nextName(cursor, false)) {
    setMember(object, name, readJson(cursor));
  }
  return object;
}

function readArray(cursor: JsonCursor): Json {
  const array: Json[] = [];
  open(cursor);
  for (let more = nextElement(cursor, true); more; more = nextElement(cursor, false)) array.push(readJson(cursor));
  return array;
}
