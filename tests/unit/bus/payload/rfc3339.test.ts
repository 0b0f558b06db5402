import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatRfc3339, parseRfc3339 } from "../../../../src/bus/payload/rfc3339.ts";
import { LAST_SECOND } from "../../../../src/bus/payload/timestamp.ts";
import { ANY_TIME } from "./any-time.ts";

function rewritten(text: string): string {
  const parsed = parseRfc3339(text);
  if (!parsed.ok) return parsed.fault.message;
  const formatted = formatRfc3339(parsed.value);
  return formatted.ok ? formatted.value : formatted.fault.message;
}

describe("a time that is sound keeps its offset and loses trailing zeros", () => {
  test.each([
    ["2021-04-30T17:03:14Z", "2021-04-30T17:03:14Z"],
    ["2021-04-30T17:03:14.500Z", "2021-04-30T17:03:14.5Z"],
    ["2021-04-30T17:03:14.000+02:00", "2021-04-30T17:03:14+02:00"],
    ["2021-04-30T17:03:14.123456789+02:00", "2021-04-30T17:03:14.123456789+02:00"],
    ["2021-04-30T17:03:14.1234567899Z", "2021-04-30T17:03:14.123456789Z"],
    ["2021-04-30 17:03:14-05:30", "2021-04-30T17:03:14-05:30"],
    ["2021-04-30_17:03:14z", "2021-04-30T17:03:14Z"],
    ["2021-04-30\t17:03:14Z", "2021-04-30T17:03:14Z"],
    ["2021-04-30T17:03:14-00:00", "2021-04-30T17:03:14Z"],
    ["2021-04-30T17:03:14+23:59", "2021-04-30T17:03:14+23:59"],
    ["0000-01-01T00:00:00+05:00", "0000-01-01T00:00:00+05:00"],
    ["9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59-05:00"],
    ["2012-02-29T23:59:60Z", "2012-02-29T23:59:59.999999999Z"],
    ["2012-02-01T00:59:60.5+01:00", "2012-02-01T00:59:59.999999999+01:00"],
  ])("%j: %s", (text, expected) => {
    expect(rewritten(text)).toBe(expected);
  });
});

describe("a time that is not sound is refused with the part that is wrong", () => {
  const LITERAL = "a character literal was not valid";
  const part = (name: string) => `the '${name}' component could not be parsed`;
  test.each([
    ["", part("year")],
    ["+2013-01-01T00:00:00Z", part("year")],
    ["2013", LITERAL],
    ["2013/01", LITERAL],
    ["2013-1", part("month")],
    ["2013-00-01x", part("month")],
    ["2013-00-01T00:00:00Z", part("month")],
    ["2013-01x", LITERAL],
    ["2013-01-1", part("day")],
    ["2013-06-22", part("separator")],
    ["2013-06-22 3am", part("hour")],
    ["2013-06-2217:03:14.000658767+02:00", part("hour")],
    ["2013-06-22é17:03:14Z", part("hour")],
    ["2013-06-22T17", LITERAL],
    ["2013-06-22T17:3:14Z", part("minute")],
    ["2013-06-22T17:03", LITERAL],
    ["2013-06-22T17:03:1", part("second")],
    ["2013-06-22T17:03:14.Z", part("subsecond")],
    ["2013-06-22T17:03:14", part("offset hour")],
    ["2013-06-22T17:03:14,5Z", part("offset hour")],
    ["2013-06-22T17:03:14 Z", part("offset hour")],
    ["2013-06-22T17:03:14−01:00", part("offset hour")],
    ["2013-06-22T17:03:14+1:00", part("offset hour")],
    ["2013-06-22T17:03:14+24:00", part("offset hour")],
    ["2013-06-22T17:03:14+0100", LITERAL],
    ["2013-06-22T17:03:14+01:0", part("offset minute")],
    ["2013-06-22T17:03:14Zx", "unexpected trailing characters; the end of input was expected"],
    ["2013-06-22T17:03:14+01:00x", "unexpected trailing characters; the end of input was expected"],
    ["2013-13-01T00:00:00Z", "month must be in the range 1..=12"],
    ["2013-02-29T00:00:00Z", "day must be in the range 1..=28 for the given month and year"],
    ["2013-01-00T00:00:00Z", "day must be in the range 1..=31 for the given month and year"],
    ["2013-01-01T24:00:00Z", "hour must be in the range 0..=23"],
    ["2013-01-01T23:60:00Z", "minute must be in the range 0..=59"],
    ["2013-01-01T23:59:61Z", "second must be in the range 0..=59"],
    ["2013-01-01T00:00:00-01:60", "offset minute must be in the range -59..=59"],
    ["2013-01-30T23:59:60Z", "second must be in the range 0..=59 because leap seconds are not supported"],
    ["2012-01-31T23:59:60+01:00", "second must be in the range 0..=59 because leap seconds are not supported"],
  ])("%j: %s", (text, reason) => {
    expect(parseRfc3339(text)).toMatchObject({ ok: false, fault: { code: "invalid-time", message: reason } });
  });
});

test("what is written is read back the same", () => {
  fc.assert(
    fc.property(ANY_TIME, (time) => {
      const text = formatRfc3339(time);
      expect(text.ok && parseRfc3339(text.value)).toEqual({ ok: true, value: time });
    }),
  );
});

test("it is the same moment as that of the engine", () => {
  fc.assert(
    fc.property(ANY_TIME, (time) => {
      const text = formatRfc3339(time);
      const milliseconds = time.seconds * 1_000 + Math.floor(time.nanoseconds / 1_000_000);
      expect(text.ok && Date.parse(text.value)).toBe(milliseconds);
    }),
  );
});

test("a year of another number of digits cannot be written", () => {
  const fault = { message: "The year component cannot be formatted into the requested format." };
  for (const seconds of [-62_167_219_201, LAST_SECOND + 1]) {
    expect(formatRfc3339({ seconds, nanoseconds: 0, offset: 0 })).toMatchObject({ ok: false, fault });
  }
});

test("no text makes the reader fail", () => {
  const digit = fc.constantFrom(..."0123456789-:T.Z+ é");
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: digit, maxLength: 30 })), (text) => {
      const parsed = parseRfc3339(text);
      if (!parsed.ok) return expect(parsed.fault.message).toMatch(/component|literal|range|trailing/);
      const written = formatRfc3339(parsed.value);
      expect(written.ok && parseRfc3339(written.value)).toEqual(parsed);
    }),
  );
});
