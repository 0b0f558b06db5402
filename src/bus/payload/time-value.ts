import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { decimalText, floatText } from "../../base/float-text.ts";
import { isInteger64, MAX_INT64 } from "../../base/json-number.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseRfc3339 } from "./rfc3339.ts";
import { FIRST_SECOND, LAST_SECOND, type Timestamp } from "./timestamp.ts";

/** What a `time` must be, in the words of the reference. */
export const EXPECTED_TIME =
  "a date formatted as a unix timestamp (as an integer number of seconds) or an ISO-8601 string";

export type TimeFault = Fault<"invalid-time">;

/** Reads a `time` given as text. The fault's message is an error kernel of spec/mqtt-api §7.2. */
export function timeOfText(text: string): Result<Timestamp, TimeFault> {
  const parsed = parseRfc3339(text);
  if (parsed.ok) return parsed;
  const kernel = "Invalid ISO8601 timestamp (expected YYYY-MM-DDThh:mm:ss.sss.±hh:mm)";
  return invalid(`${kernel}: ${quoteText(text)}: ${parsed.fault.message}`);
}

/**
 * Reads a `time` given as a JSON number of seconds, spelled as in the message: only a decimal one is cut to the millisecond.
 * The fault's message is an error kernel of spec/mqtt-api §7.2.
 */
export function timeOfNumber(spelling: string): Result<Timestamp, TimeFault> {
  const value = Number(spelling);
  if (isInteger64(spelling)) {
    if (value >= FIRST_SECOND && value <= LAST_SECOND) return ok(utc(value === 0 ? 0 : value, 0));
    if (value > 0 && BigInt(spelling) > MAX_INT64) return invalid(tooLarge(spelling));
    return invalid(outside("integer", spelling));
  }
  const milliseconds = cutToMilliseconds(value);
  if (!isMillisecondsInRange(milliseconds)) return invalid(outside("decimal", floatText(value)));
  const seconds = Math.floor(milliseconds / 1_000);
  return ok(utc(seconds, (milliseconds - seconds * 1_000) * 1_000_000));
}

/** A `time` of a message: RFC 3339, or seconds since the Unix epoch (spec/mqtt-api §7.2). */
export const TIME_SCHEMA = v.union([
  v.pipe(
    v.string(),
    v.check((text) => parseRfc3339(text).ok, "Not RFC 3339"),
    v.description("RFC 3339 with an offset: YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)"),
    v.examples(["2024-05-02T18:59:21.361066Z", "2024-05-02T20:59:21+02:00"]),
  ),
  v.pipe(
    v.number(),
    v.check((seconds) => Number.isFinite(seconds) && isMillisecondsInRange(cutToMilliseconds(seconds)), "Out of range"),
    v.description("Seconds since the Unix epoch, -377705116800 to 253402300799; a fraction counts to the millisecond"),
    v.examples([1_714_676_361, 1_714_676_361.36]),
  ),
]);

/** Cut, not rounded, and by the decimal digits: `1714676361.36` has 360 ms although the product is a little less in binary. */
function cutToMilliseconds(seconds: number): number {
  const [whole = "", fraction = ""] = decimalText(seconds).split(".");
  return Number(`${whole}${fraction.slice(0, 3).padEnd(3, "0")}`);
}

function isMillisecondsInRange(milliseconds: number): boolean {
  return milliseconds >= FIRST_SECOND * 1_000 && milliseconds <= LAST_SECOND * 1_000 + 999;
}

function utc(seconds: number, nanoseconds: number): Timestamp {
  return { seconds, nanoseconds, offset: 0 };
}

function tooLarge(spelling: string): string {
  const expected = "invalid unix timestamp, expecting a 64 bit signed integer";
  return `${expected}. provided value (${spelling}) is too large: out of range integral type conversion attempted`;
}

function outside(kind: "integer" | "decimal", value: string): string {
  const range = `timestamp must be in the range ${FIRST_SECOND}..=${LAST_SECOND}`;
  return `Invalid unix timestamp (reading ${kind} value in seconds): ${value}; ${range}`;
}

function invalid(reason: string): Result<never, TimeFault> {
  return err(fault("invalid-time", reason));
}
