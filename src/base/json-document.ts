import { type Fault, fault } from "./fault.ts";
import type { Json } from "./json.ts";
import { byteOffset, type JsonCursor, placeOf, readJsonText } from "./json-cursor.ts";
import { describeFlaw } from "./json-flaw.ts";
import { readJson, setMember } from "./json-read.ts";
import { end, nextMemberName, nextToken, open, skipSpace, takeColon } from "./json-token.ts";
import { err, ok, type Result } from "./result.ts";

/** A JSON text that was read, and where its parts are. */
export interface JsonDocument {
  readonly value: Json;
  readonly layout: JsonLayout;
  /** An offset of the layout as the reference's parser tells it: ` at line 1 column 4`. Lines from 1, columns in bytes. */
  place(offset: number): string;
}

/** Where things are in a JSON text, in UTF-16 units from its beginning. */
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

/** Reads strict JSON, nested at most 127 deep. The fault's message is the text of the reference's parser, which clients show (spec/http-api §3.1). */
export function readDocument(text: string): Result<JsonDocument, Fault<"invalid-json">> {
  const read = readJsonText(text, readWhole);
  if (!read.ok) return err(fault("invalid-json", describeFlaw(read.fault)));
  const place = (offset: number) => describeFlaw({ reason: "", ...placeOf(text, byteOffset(text, offset)) });
  return ok({ ...read.value, place });
}

function readWhole(cursor: JsonCursor): Omit<JsonDocument, "place"> {
  const token = nextToken(cursor);
  const start = cursor.at;
  const members: MemberLayout[] = [];
  const value = token === "object" ? readMembers(cursor, members) : readJson(cursor);
  const layout = { start, end: cursor.at, members };
  end(cursor);
  return { value, layout };
}

function readMembers(cursor: JsonCursor, members: MemberLayout[]): Json {
  const object: Record<string, Json> = {};
  open(cursor);
  for (let name = nextMemberName(cursor, true); name !== undefined; name = nextMemberName(cursor, false)) {
    const nameEnd = cursor.at;
    takeColon(cursor);
    skipSpace(cursor);
    const valueStart = cursor.at;
    setMember(object, name, readJson(cursor));
    members.push({ name, nameEnd, valueStart, valueEnd: cursor.at });
  }
  return object;
}
