import { flawAt, type JsonCursor } from "../../base/json-cursor.ts";
import { wrongType } from "../../base/json-read.ts";
import { nextToken, readNumber, readString } from "../../base/json-token.ts";
import { EXPECTED_TIME, timeOfNumber, timeOfText } from "./time-value.ts";
import type { Timestamp } from "./timestamp.ts";

/** Reads a `time` where the cursor is (spec/mqtt-api §7.2). */
export function readTime(cursor: JsonCursor): Timestamp {
  const token = nextToken(cursor);
  if (token !== "string" && token !== "number") throw wrongType(cursor, EXPECTED_TIME, true);
  const time = token === "string" ? timeOfText(readString(cursor)) : timeOfNumber(readNumber(cursor));
  if (!time.ok) throw flawAt(cursor, time.fault.message);
  return time.value;
}
