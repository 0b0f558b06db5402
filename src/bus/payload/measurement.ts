import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import { flawAt, type JsonCursor, readJsonText } from "../../base/json-cursor.ts";
import { describeFlaw, flawExcerpt, type JsonFlaw } from "../../base/json-flaw.ts";
import { readJson, stepInto, wrongType } from "../../base/json-read.ts";
import { nextName, nextToken, open, readNumber, readString } from "../../base/json-token.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, type Result } from "../../base/result.ts";
import { isNormal, isReservedName } from "./measurement-schema.ts";
import { readTime } from "./read-time.ts";
import type { Timestamp } from "./timestamp.ts";

/** What was measured at one time (spec/mqtt-api §7.3). */
export interface MeasurementPayload {
  /** Single values, and groups of them, in order of the text. There may be none when the message has some text only. */
  readonly values: ReadonlyMap<string, number | MeasurementGroup>;
  readonly time?: Timestamp;
  /** Overrides the type of the topic. */
  readonly type?: string;
  /** Members that are passed on as they are, numbers spelled as received. */
  readonly properties?: JsonObject;
}

export type MeasurementGroup = ReadonlyMap<string, number>;

export type MeasurementFault = Fault<"invalid-measurement">;

/**
 * Reads the text of a measurement; what stands behind its closing brace does not matter. The fault's message is the *wire* text:
 * ``Not a thin-edge measurement: Invalid JSON: <kernel> at line <l> column <c>: `<excerpt>` ``.
 */
export function parseMeasurement(text: string): Result<MeasurementPayload, MeasurementFault> {
  const read = readJsonText(text, readMeasurement);
  return read.ok ? read : err(fault("invalid-measurement", rejection(text, read.fault)));
}

/** What the members of a measurement are gathered in. */
interface Draft {
  readonly values: Map<string, number | MeasurementGroup>;
  time?: Timestamp;
  type?: string;
  properties?: JsonObject;
}

function readMeasurement(cursor: JsonCursor): MeasurementPayload {
  if (nextToken(cursor) !== "object") throw wrongType(cursor, "ThinEdge JSON", false);
  const draft: Draft = { values: new Map() };
  let isEmpty = true;
  open(cursor);
  for (let name = nextName(cursor, true); name !== undefined; name = nextName(cursor, false)) {
    if (name === "time") draft.time = readTime(cursor);
    else if (name === "properties") readProperties(cursor, draft);
    else {
      readMember(cursor, name, draft);
      isEmpty = false;
    }
  }
  if (isEmpty) throw flawAt(cursor, "Empty Thin Edge measurement: it must contain at least one measurement");
  return draft;
}

function readProperties(cursor: JsonCursor, draft: Draft): void {
  const properties = readJson(cursor);
  if (isJsonObject(properties)) draft.properties = properties;
}

function readMember(cursor: JsonCursor, name: string, draft: Draft): void {
  switch (nextToken(cursor)) {
    case "number":
      draft.values.set(name, readValue(cursor, name));
      return;
    case "object":
      draft.values.set(name, readGroup(cursor, name));
      return;
    case "string": {
      const text = readString(cursor);
      if (name === "externalSource") throw flawAt(cursor, reservedName(name));
      if (name === "type") draft.type = text;
      return;
    }
    default:
      throw wrongType(cursor, "ThinEdge single or multi-value measurement", true);
  }
}

function readGroup(cursor: JsonCursor, group: string): MeasurementGroup {
  const values = new Map<string, number>();
  open(cursor);
  for (let name = nextName(cursor, true); name !== undefined; name = nextName(cursor, false)) {
    values.set(name, readGrouped(cursor, name));
  }
  if (values.size > 0) return values;
  throw flawAt(cursor, `Empty Thin Edge measurement: ${quoteText(group)} must contain at least one measurement`);
}

function readGrouped(cursor: JsonCursor, name: string): number {
  switch (nextToken(cursor)) {
    case "number":
      return readValue(cursor, name);
    case "string":
      readString(cursor);
      throw flawAt(cursor, "Unexpected type within a group");
    case "object":
      stepInto(cursor, "object");
      throw flawAt(cursor, "Expect single-value measurement");
    default:
      throw wrongType(cursor, "ThinEdge single-value measurement", true);
  }
}

function readValue(cursor: JsonCursor, name: string): number {
  const value = Number(readNumber(cursor));
  if (!isNormal(value)) {
    const problem = `the ${quoteText(name)} value is too large to be represented as a float64.`;
    throw flawAt(cursor, `Number out-of-range: ${problem}`);
  }
  if (isReservedName(name)) throw flawAt(cursor, reservedName(name));
  return value;
}

function reservedName(name: string): string {
  return `Unexpected measurement name: "${name}" is a reserved word.`;
}

function rejection(text: string, flaw: JsonFlaw): string {
  const excerpt = flawExcerpt(text, flaw, LONGEST_EXCERPT);
  return `Not a thin-edge measurement: Invalid JSON: ${describeFlaw(flaw)}: \`${excerpt}\``;
}

/** Characters. */
const LONGEST_EXCERPT = 80;
