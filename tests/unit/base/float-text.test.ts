import { expect, test } from "bun:test";
import fc from "fast-check";
import { decimalText, floatText } from "../../../src/base/float-text.ts";

const FINITE = fc.double({ noNaN: true, noDefaultInfinity: true });

test.each([
  [0, "0.0", "0.0"],
  [-0, "-0.0", "-0.0"],
  [25, "25.0", "25.0"],
  [-117.67, "-117.67", "-117.67"],
  [0.001, "0.001", "0.001"],
  [1e-5, "0.00001", "0.00001"],
  [1.5e-7, "1.5e-7", "0.00000015"],
  [1e15, "1000000000000000.0", "1000000000000000.0"],
  [1e16, "1e16", "10000000000000000.0"],
  [-1.2345678901234568e17, "-1.2345678901234568e17", "-123456789012345680.0"],
])("%p is shown as %s, and without an exponent as %s", (value, text, decimal) => {
  expect(floatText(value)).toBe(text);
  expect(decimalText(value)).toBe(decimal);
});

test("both are read back as the same number", () => {
  fc.assert(
    fc.property(FINITE, (value) => {
      expect(Number(floatText(value))).toBe(value);
      expect(Number(decimalText(value))).toBe(value);
    }),
  );
});

test("without an exponent there is always one point and nothing but digits", () => {
  fc.assert(fc.property(FINITE, (value) => expect(decimalText(value)).toMatch(/^-?\d+\.\d+$/)));
});
