import { expect, test } from "bun:test";
import { createEventIds } from "../../../src/feed/event-id.ts";

const ids = createEventIds(() => 0.5);

test("an id is the epoch and the sequence", () => {
  expect(ids.format(17)).toBe("iiiiiiiiii-17");
});

test.each([0, 1, 17, 9_007_199_254_740])("the id of %p is read back", (sequence) => {
  expect(ids.parse(ids.format(sequence))).toBe(sequence);
});

test.each([
  "",
  "17",
  "iiiiiiiiii",
  "iiiiiiiiii-",
  "iiiiiiiiii-017",
  "iiiiiiiiii--1",
  "iiiiiiiiii-1.5",
  "iiiiiiiiii-1e3",
  "iiiiiiiiii- 1",
  "iiiiiiiiii-99999999999999999999",
  "iiiiiiiiij-17",
  "IIIIIIIIII-17",
])("%p is no id of this run", (text) => {
  expect(ids.parse(text)).toBeUndefined();
});

test("two runs have different epochs", () => {
  expect(createEventIds(Math.random).format(1)).not.toBe(createEventIds(Math.random).format(1));
});
