import { expect, test } from "bun:test";
import fc from "fast-check";
import { backoffDelay } from "../../../src/base/backoff.ts";

const policy = { initial: 1_000, maximum: 60_000, factor: 2, jitter: 0.5 };

test("the delay doubles with each failure up to the maximum", () => {
  expect([1, 2, 3, 4].map((failures) => backoffDelay(policy, failures, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(backoffDelay(policy, 30, 0.5)).toBe(60_000);
});

test("jitter moves the delay by at most its share", () => {
  expect(backoffDelay(policy, 1, 0)).toBe(500);
  expect(backoffDelay(policy, 1, 1)).toBe(1_500);
});

test("the delay is finite and within bounds for any number of failures", () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const delay = backoffDelay(policy, failures, random);
      expect(delay).toBeGreaterThanOrEqual(500);
      expect(delay).toBeLessThanOrEqual(90_000);
    }),
  );
});
