import { expect, test } from "bun:test";
import fc from "fast-check";
import { timestampOf, unixSeconds, wholeMilliseconds } from "../../../../src/bus/payload/timestamp.ts";
import { ANY_TIME } from "./any-time.ts";

test.each([
  [0, 0, "0"],
  [1_714_676_361, 360_000_000, "1714676361.36"],
  [1_714_676_361, 1, "1714676361.000000001"],
  [-1, 0, "-1"],
  [-1, 500_000_000, "-0.5"],
  [-2, 999_000_000, "-1.001"],
])("%p s and %p ns are %s seconds", (seconds, nanoseconds, text) => {
  expect(unixSeconds({ seconds, nanoseconds, offset: 0 })).toBe(text);
});

test("the seconds of a time are exact to the nanosecond", () => {
  fc.assert(
    fc.property(ANY_TIME, (time) => {
      const [whole = "", fraction = ""] = unixSeconds(time).split(".");
      const sign = whole.startsWith("-") ? -1n : 1n;
      const nanoseconds = BigInt(whole) * 1_000_000_000n + sign * BigInt(fraction.padEnd(9, "0"));
      expect(nanoseconds).toBe(BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds));
    }),
  );
});

test("a time of a clock is in UTC and keeps its milliseconds", () => {
  expect(timestampOf(-1)).toEqual({ seconds: -1, nanoseconds: 999_000_000, offset: 0 });
  fc.assert(
    fc.property(fc.integer({ min: -62e12, max: 253e12 }), (milliseconds) => {
      expect(wholeMilliseconds(timestampOf(milliseconds))).toBe(milliseconds);
    }),
  );
});
