import { expect, test } from "bun:test";
import fc from "fast-check";
import { dayNumber, dayOf, daysInMonth } from "../../../../src/bus/payload/calendar.ts";

test.each([
  [1970, 1, 1, 0],
  [1969, 12, 31, -1],
  [2000, 2, 29, 11_016],
  [0, 1, 1, -719_528],
  [99, 12, 31, -683_004],
  [-9999, 1, 1, -4_371_587],
  [9999, 12, 31, 2_932_896],
])("%p-%p-%p is day %p", (year, month, day, number) => {
  expect(dayNumber(year, month, day)).toBe(number);
  expect(dayOf(number)).toEqual({ year, month, day });
});

test.each([
  [2023, 2, 28],
  [2024, 2, 29],
  [1900, 2, 28],
  [2000, 2, 29],
  [0, 2, 29],
  [2023, 1, 31],
  [2023, 4, 30],
  [2023, 12, 31],
])("month %p-%p has %p days", (year, month, days) => {
  expect(daysInMonth(year, month)).toBe(days);
});

test("every day is found again, and the one behind the last of a month is a first", () => {
  fc.assert(
    fc.property(fc.integer({ min: -4_371_587, max: 2_932_895 }), (number) => {
      const { year, month, day } = dayOf(number);
      expect(dayNumber(year, month, day)).toBe(number);
      expect(dayOf(number + 1).day).toBe(day === daysInMonth(year, month) ? 1 : day + 1);
    }),
  );
});
