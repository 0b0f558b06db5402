import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fault } from "../../../src/base/fault.ts";
import { osErrorText } from "../../../src/base/os-error.ts";

test("an error of the operating system is told with its usual text and number", () => {
  let thrown: unknown;
  try {
    readFileSync("/nowhere/at/all");
  } catch (error) {
    thrown = error;
  }
  expect(osErrorText(thrown)).toBe("No such file or directory (os error 2)");
});

test("the deepest cause of a fault counts", () => {
  const cause = fault("EACCES", "EACCES: permission denied");
  expect(osErrorText(fault("no-permission", "Cannot read x", { cause }))).toBe("Permission denied (os error 13)");
});

test("an error that is not of the operating system keeps its own text", () => {
  expect(osErrorText(new Error("odd"))).toBe("odd");
});
