import { type Fault, fault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

/** A length of time, with the text it was given as, since that is what is printed back (spec/cli-and-config §2.4). */
export interface Duration {
  readonly milliseconds: number;
  readonly text: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A month is a twelfth of a year of 365.25 days, rounded to 30.44 days, as humantime has it. */
const UNITS: readonly (readonly [milliseconds: number, names: readonly string[]])[] = [
  [1e-6, ["nanos", "nsec", "ns"]],
  [1e-3, ["usec", "us", "µs"]],
  [1, ["millis", "msec", "ms"]],
  [SECOND, ["seconds", "second", "secs", "sec", "s"]],
  [MINUTE, ["minutes", "minute", "mins", "min", "m"]],
  [HOUR, ["hours", "hour", "hrs", "hr", "h"]],
  [DAY, ["days", "day", "d"]],
  [7 * DAY, ["weeks", "week", "wks", "wk", "w"]],
  [30.44 * DAY, ["months", "month", "M"]],
  [365.25 * DAY, ["years", "year", "yrs", "yr", "y"]],
];

const MILLISECONDS_OF_UNIT: ReadonlyMap<string, number> = new Map(
  UNITS.flatMap(([milliseconds, names]) => names.map((name) => [name, milliseconds] as const)),
);

/** Reads a bare number of seconds or human time such as `3d 12h` or `2 hours`. Code `invalid-duration`. */
export function parseDuration(text: string): Result<Duration, Fault<"invalid-duration">> {
  const milliseconds = /^\d+$/.test(text) ? whole(text, SECOND) : humanTime(text);
  return milliseconds.ok ? ok({ milliseconds: milliseconds.value, text }) : milliseconds;
}

function humanTime(text: string): Result<number, Fault<"invalid-duration">> {
  const rest = text.trim();
  if (rest === "") return invalid("value was empty");
  const parts = /\s*(\d+)\s*([a-zA-Zµ]*)/y;
  const offset = text.indexOf(rest);
  let total = 0;
  while (parts.lastIndex < rest.length) {
    const at = parts.lastIndex;
    const match = parts.exec(rest);
    if (match === null) return invalid(misplaced(rest, at, offset));
    const [, digits = "", unit = ""] = match;
    if (unit === "" && /^[^\s\d]/.test(rest.slice(parts.lastIndex))) {
      return invalid(`invalid character at ${parts.lastIndex + offset}`);
    }
    const part = amount(digits, unit);
    if (!part.ok) return part;
    total += part.value;
  }
  return bounded(total);
}

function amount(digits: string, unit: string): Result<number, Fault<"invalid-duration">> {
  if (unit === "") return invalid(`time unit needed, for example ${digits}sec or ${digits}ms`);
  const milliseconds = MILLISECONDS_OF_UNIT.get(unit);
  if (milliseconds !== undefined) return whole(digits, milliseconds);
  return invalid(
    `unknown time unit "${unit}", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)`,
  );
}

function misplaced(rest: string, at: number, offset: number): string {
  const blanks = /^\s*/.exec(rest.slice(at))?.[0].length ?? 0;
  const place = at + blanks;
  const what = /[a-zA-Zµ]/.test(rest[place] ?? "") ? "expected number" : "invalid character";
  return `${what} at ${place + offset}`;
}

function whole(digits: string, unit: number): Result<number, Fault<"invalid-duration">> {
  return bounded(Number(digits) * unit);
}

function bounded(milliseconds: number): Result<number, Fault<"invalid-duration">> {
  if (milliseconds <= Number.MAX_SAFE_INTEGER) return ok(milliseconds);
  return invalid("number is too large or cannot be represented without a lack of precision");
}

function invalid(reason: string): Result<never, Fault<"invalid-duration">> {
  return err(fault("invalid-duration", reason));
}
