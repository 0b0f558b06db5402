import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isInteger64, jsonNumber, numberKind } from "../../../src/base/json-number.ts";

describe("numberKind", () => {
  test.each([
    ["0", "integer `0`"],
    ["-1", "integer `-1`"],
    ["18446744073709551615", "integer `18446744073709551615`"],
    ["-9223372036854775808", "integer `-9223372036854775808`"],
    ["18446744073709551616", "floating point `1.8446744073709552e19`"],
    ["-9223372036854775809", "floating point `-9.223372036854776e18`"],
    ["-0", "floating point `-0.0`"],
    ["2.0", "floating point `2.0`"],
    ["1.50", "floating point `1.5`"],
    ["1e3", "floating point `1000.0`"],
    ["1e-310", "floating point `1e-310`"],
  ])("%s is called %s", (spelling, kind) => {
    expect(numberKind(spelling)).toBe(kind);
  });
});

test("an integer is one that 64 bits hold", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }), (value) => {
      expect(isInteger64(String(value))).toBe(value >= -(2n ** 63n) && value < 2n ** 64n);
    }),
  );
});

test("a number is written as it was spelled", () => {
  const spelling = fc.oneof(
    fc.bigInt().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom("2.0", "-0", "1e3", "1E+3", "0.10"),
  );
  fc.assert(fc.property(spelling, (text) => expect(JSON.stringify(jsonNumber(text))).toBe(text)));
});
