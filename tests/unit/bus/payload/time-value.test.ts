import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { readJsonText } from "../../../../src/base/json-cursor.ts";
import { readTime } from "../../../../src/bus/payload/read-time.ts";
import { formatRfc3339 } from "../../../../src/bus/payload/rfc3339.ts";
import { TIME_SCHEMA, timeOfNumber, timeOfText } from "../../../../src/bus/payload/time-value.ts";
import { ANY_TIME_TEXT } from "./any-time.ts";

describe("a number is unix seconds", () => {
  test.each([
    ["0", "1970-01-01T00:00:00Z"],
    ["-0", "1970-01-01T00:00:00Z"],
    ["1701949168", "2023-12-07T11:39:28Z"],
    ["1701949168.001", "2023-12-07T11:39:28.001Z"],
    ["1714676361.36", "2024-05-02T18:59:21.36Z"],
    ["1714676361.3609999", "2024-05-02T18:59:21.36Z"],
    ["1.0", "1970-01-01T00:00:01Z"],
    ["1.7e9", "2023-11-14T22:13:20Z"],
    ["1e-7", "1970-01-01T00:00:00Z"],
    ["-1.5", "1969-12-31T23:59:58.5Z"],
    ["-0.0001", "1970-01-01T00:00:00Z"],
    ["253402300799", "9999-12-31T23:59:59Z"],
    ["253402300799.9999", "9999-12-31T23:59:59.999Z"],
  ])("%s is %s", (spelling, text) => {
    const time = timeOfNumber(spelling);
    expect(time.ok && formatRfc3339(time.value)).toEqual({ ok: true, value: text });
  });

  test("back to the first day of the year -9999", () => {
    expect(timeOfNumber("-377705116800")).toEqual({
      ok: true,
      value: { seconds: -377_705_116_800, nanoseconds: 0, offset: 0 },
    });
    expect(timeOfNumber("-377705116800.0005").ok).toBe(true);
  });

  const outside = (kind: string, value: string) =>
    `Invalid unix timestamp (reading ${kind} value in seconds): ${value}; timestamp must be in the range -377705116800..=253402300799`;
  const tooLarge = (value: string) =>
    `invalid unix timestamp, expecting a 64 bit signed integer. provided value (${value}) is too large: out of range integral type conversion attempted`;
  test.each([
    ["253402300800", outside("integer", "253402300800")],
    ["-377705116801", outside("integer", "-377705116801")],
    ["9223372036854775807", outside("integer", "9223372036854775807")],
    ["-9223372036854775808", outside("integer", "-9223372036854775808")],
    ["9223372036854775808", tooLarge("9223372036854775808")],
    ["18446744073709551615", tooLarge("18446744073709551615")],
    ["18446744073709551616", outside("decimal", "1.8446744073709552e19")],
    ["253402300800.0", outside("decimal", "253402300800.0")],
    ["-377705116800.5", outside("decimal", "-377705116800.5")],
    ["1e20", outside("decimal", "1e20")],
    ["1.5e16", outside("decimal", "1.5e16")],
    ["-1e300", outside("decimal", "-1e300")],
  ])("%s is refused", (spelling, reason) => {
    expect(timeOfNumber(spelling)).toMatchObject({ ok: false, fault: { code: "invalid-time", message: reason } });
  });
});

test("a text that is no time is refused with the text and the reason", () => {
  const kernel = "Invalid ISO8601 timestamp (expected YYYY-MM-DDThh:mm:ss.sss.±hh:mm)";
  expect(timeOfText("2013-06-22 3am")).toMatchObject({
    ok: false,
    fault: { message: `${kernel}: "2013-06-22 3am": the 'hour' component could not be parsed` },
  });
  expect(timeOfText('a"\n')).toMatchObject({
    fault: { message: `${kernel}: "a\\"\\n": the 'year' component could not be parsed` },
  });
});

test("other values are refused by name", () => {
  const expected = "a date formatted as a unix timestamp (as an integer number of seconds) or an ISO-8601 string";
  const reasons = ["null", "true", "{}", "[]"].map((text) => {
    const read = readJsonText(text, readTime);
    return read.ok ? "" : read.fault.reason;
  });
  expect(reasons).toEqual(
    ["null", "boolean `true`", "map", "sequence"].map((kind) => `invalid type: ${kind}, expected ${expected}`),
  );
});

test("the schema accepts what the reader accepts", () => {
  fc.assert(
    fc.property(ANY_TIME_TEXT, (text) => {
      expect(v.is(TIME_SCHEMA, JSON.parse(text))).toBe(readJsonText(text, readTime).ok);
    }),
    { numRuns: 500 },
  );
});
