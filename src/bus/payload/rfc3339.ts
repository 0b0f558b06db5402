import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { dayNumber, dayOf, daysInMonth } from "./calendar.ts";
import { decimals, type Timestamp } from "./timestamp.ts";

/**
 * Reads a date and time with its offset; any ASCII character may stand between the two (spec/mqtt-api §7.2). Code `invalid-time`;
 * the fault's message names the part that is wrong, in the words of the reference.
 */
export function parseRfc3339(text: string): Result<Timestamp, Fault<"invalid-time">> {
  const fields = SHAPE.exec(text);
  if (fields === null) return invalid(misshapen(text));
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "", digits = "", sign = "+"] = fields;
  const [offsetHour = "0", offsetMinute = "0"] = fields.slice(9);
  const parts: Parts = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanosecond: Number(digits.slice(0, 9).padEnd(9, "0")),
    offsetHour: Number(offsetHour),
    offsetMinute: Number(offsetMinute),
  };
  const reason = outOfRange(parts);
  if (reason !== undefined) return invalid(reason);
  return parts.second === 60 ? leapSecond(parts, sign) : ok(timestampFrom(parts, sign));
}

/** Writes it with its own offset, `Z` for UTC, without trailing zeros. Code `unformattable-time` outside the years 0 to 9999. */
export function formatRfc3339(time: Timestamp): Result<string, Fault<"unformattable-time">> {
  const local = time.seconds + time.offset * 60;
  const days = Math.floor(local / DAY);
  const { year, month, day } = dayOf(days);
  if (year < 0 || year > 9_999) {
    return err(fault("unformattable-time", "The year component cannot be formatted into the requested format."));
  }
  const second = local - days * DAY;
  const clock = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60].map(twoDigits).join(":");
  const date = `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(day)}`;
  const fraction = time.nanoseconds === 0 ? "" : `.${decimals(time.nanoseconds)}`;
  return ok(`${date}T${clock}${fraction}${formatOffset(time.offset)}`);
}

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  readonly offsetHour: number;
  readonly offsetMinute: number;
}

const DAY = 86_400;

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[\0-\x7f](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):(\d\d))$/;

/** The pieces in their order: what each has to look like, and what is said when it doesn't. */
const PIECES: readonly (readonly [shape: RegExp, reason: string])[] = [
  [/\d{4}/y, unreadable("year")],
  [/-/y, "a character literal was not valid"],
  [/(?!00)\d\d/y, unreadable("month")],
  [/-/y, "a character literal was not valid"],
  [/\d\d/y, unreadable("day")],
  [/[\s\S]/y, unreadable("separator")],
  [/(?<=[\0-\x7f])\d\d/y, unreadable("hour")],
  [/:/y, "a character literal was not valid"],
  [/\d\d/y, unreadable("minute")],
  [/:/y, "a character literal was not valid"],
  [/\d\d/y, unreadable("second")],
  [/\.\d+|(?!\.)/y, unreadable("subsecond")],
  [/[Zz]|[+-](?:[01]\d|2[0-3])/y, unreadable("offset hour")],
  [/(?<=[Zz])|:/y, "a character literal was not valid"],
  [/(?<=[Zz])|\d\d/y, unreadable("offset minute")],
];

function unreadable(component: string): string {
  return `the '${component}' component could not be parsed`;
}

function misshapen(text: string): string {
  let at = 0;
  for (const [shape, reason] of PIECES) {
    shape.lastIndex = at;
    if (!shape.test(text)) return reason;
    at = shape.lastIndex;
  }
  return "unexpected trailing characters; the end of input was expected";
}

function outOfRange({ year, month, day, hour, minute, second, offsetMinute }: Parts): string | undefined {
  if (month === 0) return unreadable("month");
  if (offsetMinute > 59) return "offset minute must be in the range -59..=59";
  if (month > 12) return "month must be in the range 1..=12";
  const last = daysInMonth(year, month);
  if (day < 1 || day > last) return `day must be in the range 1..=${last} for the given month and year`;
  if (hour > 23) return "hour must be in the range 0..=23";
  if (minute > 59) return "minute must be in the range 0..=59";
  return second > 60 ? "second must be in the range 0..=59" : undefined;
}

function timestampFrom(parts: Parts, sign: string): Timestamp {
  const offset = (parts.offsetHour * 60 + parts.offsetMinute) * (sign === "-" ? -1 : 1);
  const days = dayNumber(parts.year, parts.month, parts.day);
  const seconds = days * DAY + parts.hour * 3_600 + parts.minute * 60 + parts.second - offset * 60;
  // `-00:00` is UTC too, and `-0` would not be equal to it.
  return { seconds, nanoseconds: parts.nanosecond, offset: offset === 0 ? 0 : offset };
}

/** A leap second ends a month in UTC, and is taken for the last nanosecond before it. */
function leapSecond(parts: Parts, sign: string): Result<Timestamp, Fault<"invalid-time">> {
  const time = timestampFrom({ ...parts, second: 59, nanosecond: 999_999_999 }, sign);
  const isEndOfMonth = (time.seconds + 1) % DAY === 0 && dayOf((time.seconds + 1) / DAY).day === 1;
  if (isEndOfMonth) return ok(time);
  return invalid("second must be in the range 0..=59 because leap seconds are not supported");
}

function formatOffset(offset: number): string {
  if (offset === 0) return "Z";
  const minutes = Math.abs(offset);
  return `${offset < 0 ? "-" : "+"}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function invalid(reason: string): Result<never, Fault<"invalid-time">> {
  return err(fault("invalid-time", reason));
}
