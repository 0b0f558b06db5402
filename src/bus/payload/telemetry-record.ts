import type { Json, JsonObject } from "../../base/json.ts";
import { type JsonCursor, readJsonText } from "../../base/json-cursor.ts";
import { describeFlaw } from "../../base/json-flaw.ts";
import { readJson, setMember, wrongType } from "../../base/json-read.ts";
import { end, nextName, nextToken, open, readString, takeWord } from "../../base/json-token.ts";
import { err, type Result } from "../../base/result.ts";
import { readTime } from "./read-time.ts";
import type { Timestamp } from "./timestamp.ts";

/** What events and alarms have in common: some texts, a time, and whatever else their sender gave them. */
export interface TelemetryRecord {
  /** Those of the wanted texts that are there. */
  readonly texts: ReadonlyMap<string, string>;
  readonly time?: Timestamp;
  /** A `type` that is a text. */
  readonly type?: string;
  /** All other members but `type`, numbers spelled as received. */
  readonly fragments: JsonObject;
}

export interface RecordShape {
  /** What the whole is, in complaints about something that is no object. */
  readonly expected: string;
  /** Names of members that are a text, `null` or absent. */
  readonly texts: readonly string[];
}

/** Reads an event or alarm; fails with what is wrong and where, in the words of the reference's parser (spec/mqtt-api §7.5, §7.6). */
export function readTelemetryRecord(text: string, shape: RecordShape): Result<TelemetryRecord, string> {
  const read = readJsonText(text, (cursor) => readRecord(cursor, shape));
  return read.ok ? read : err(describeFlaw(read.fault));
}

/** The beginning of a payload, as rejections show it. */
export function snippet(text: string): string {
  return [...text.slice(0, 2 * SNIPPET_LENGTH)].slice(0, SNIPPET_LENGTH).join("");
}

/** Characters. */
const SNIPPET_LENGTH = 50;

function readRecord(cursor: JsonCursor, { expected, texts: wanted }: RecordShape): TelemetryRecord {
  if (nextToken(cursor) !== "object") throw wrongType(cursor, expected, false);
  const texts = new Map<string, string>();
  const fragments: Record<string, Json> = {};
  let time: Timestamp | undefined;
  let type: Json = null;
  open(cursor);
  for (let name = nextName(cursor, true); name !== undefined; name = nextName(cursor, false)) {
    if (wanted.includes(name)) readText(cursor, name, texts);
    else if (name === "time") time = isNull(cursor) ? undefined : readTime(cursor);
    else if (name === "type") type = readJson(cursor);
    else setMember(fragments, name, readJson(cursor));
  }
  end(cursor);
  return {
    texts,
    ...(time === undefined ? {} : { time }),
    ...(typeof type === "string" ? { type } : {}),
    fragments,
  };
}

function readText(cursor: JsonCursor, name: string, texts: Map<string, string>): void {
  if (isNull(cursor)) texts.delete(name);
  else if (nextToken(cursor) !== "string") throw wrongType(cursor, "a string", false);
  else texts.set(name, readString(cursor));
}

/** Takes the `null` if there is one. */
function isNull(cursor: JsonCursor): boolean {
  if (nextToken(cursor) !== "null") return false;
  takeWord(cursor, "null");
  return true;
}
