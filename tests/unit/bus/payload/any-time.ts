import fc from "fast-check";
import { FIRST_SECOND, LAST_SECOND, type Timestamp } from "../../../../src/bus/payload/timestamp.ts";

const YEAR_0 = -62_167_219_200;
const HALF_A_DAY = 86_400;

/** Times that RFC 3339 can write with any of its offsets. */
export const ANY_TIME: fc.Arbitrary<Timestamp> = fc.record({
  seconds: fc.integer({ min: YEAR_0 + HALF_A_DAY, max: LAST_SECOND - HALF_A_DAY }),
  nanoseconds: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 999 }).map((ms) => ms * 1_000_000),
    fc.nat(999_999_999),
  ),
  offset: fc.oneof(fc.constant(0), fc.integer({ min: -1_439, max: 1_439 })),
});

/** JSON texts of times, and of much that is none. */
export const ANY_TIME_TEXT: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: FIRST_SECOND - 3, max: LAST_SECOND + 3 }).map(String),
  fc.constantFrom(FIRST_SECOND, LAST_SECOND, FIRST_SECOND - 1, LAST_SECOND + 1).map(String),
  fc.double({ min: 1.5 * FIRST_SECOND, max: 1.5 * LAST_SECOND, noNaN: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "1e3",
    "-0",
    "1e20",
    "1e300",
    "18446744073709551616",
    "253402300799.9999",
    "null",
    "true",
    "{}",
    "[]",
  ),
  fc
    .constantFrom(
      "2024-05-02T18:59:21Z",
      "2024-02-30 00:00:00.5+01:00",
      "2024-05-02",
      "2016-12-31T23:59:60Z",
      "",
      "now",
    )
    .map((text) => JSON.stringify(text)),
);
