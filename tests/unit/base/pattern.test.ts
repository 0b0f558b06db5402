import { expect, test } from "bun:test";
import { parsePattern } from "../../../src/base/pattern.ts";

function matches(pattern: string, text: string): boolean {
  const parsed = parsePattern(pattern);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value.test(text);
}

test("a pattern matches anywhere unless it says otherwise", () => {
  expect(matches("edge", "tedge-agent")).toBe(true);
  expect(matches("^edge", "tedge-agent")).toBe(false);
  expect(matches("^tedge-.*$", "tedge-agent")).toBe(true);
  expect(matches("", "anything")).toBe(true);
});

test("flags in front count for the whole pattern", () => {
  expect(matches("(?i)EDGE", "tedge")).toBe(true);
  expect(matches("EDGE", "tedge")).toBe(false);
  expect(matches("(?ii)EDGE", "tedge")).toBe(true);
});

test("what is no pattern is told", () => {
  const parsed = parsePattern("lib(");
  expect(parsed.ok ? "" : parsed.fault.message).toBe("Invalid regular expression lib(");
});
