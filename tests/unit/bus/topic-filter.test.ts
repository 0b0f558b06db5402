import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isTopicFilter, isTopicName, matchesFilter } from "../../../src/bus/topic-filter.ts";

describe("a topic name", () => {
  test.each(["a", "/", "a//b", "te/device/main//", "é/ü", "a\u00a0😀", "a".repeat(65_535)])("may be %.20j", (text) => {
    expect(isTopicName(text)).toBe(true);
  });

  test.each([
    "",
    "a/+",
    "#",
    "a#b",
    "a\0",
    "a\b",
    "a\u009f",
    "a\ufdd0",
    "a\u{1ffff}",
    "a\ud800",
    "a".repeat(65_536),
    "é".repeat(32_768),
  ])("may not be %.20j", (text) => {
    expect(isTopicName(text)).toBe(false);
  });
});

describe("a topic filter", () => {
  test.each(["a", "#", "+", "a/#", "a/+/b", "+/+/#", "/", "$SYS/#"])("may be %j", (text) => {
    expect(isTopicFilter(text)).toBe(true);
  });

  test.each(["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+", "a\0"])("may not be %j", (text) => {
    expect(isTopicFilter(text)).toBe(false);
  });

  test.each([
    ["a/b", "a/b"],
    ["a/+", "a/b"],
    ["a/+", "a/"],
    ["+/+", "/a"],
    ["/+", "/a"],
    ["a/#", "a"],
    ["a/#", "a/b/c"],
    ["#", "a/b"],
    ["#", "/"],
    ["$SYS/#", "$SYS/uptime"],
    ["te/+/+/+/+/m/+", "te/device/main///m/"],
  ])("%s selects %s", (filter, topic) => {
    expect(matchesFilter(filter, topic)).toBe(true);
  });

  test.each([
    ["a/b", "a/c"],
    ["a/b", "a/bc"],
    ["a/bc", "a/b"],
    ["a/+", "a"],
    ["a/+", "a/b/c"],
    ["+", "/a"],
    ["a/#", "b"],
    ["a/#", "ab"],
    ["#", "$SYS/uptime"],
    ["+/uptime", "$SYS/uptime"],
    ["te/+/+/+/+/m/+", "te/device/main///m/x/meta"],
  ])("%s does not select %s", (filter, topic) => {
    expect(matchesFilter(filter, topic)).toBe(false);
  });

  test("selects level by level, as the standard says", () => {
    const level = fc.constantFrom("", "a", "b", "ab");
    const wild = fc.constantFrom("", "a", "b", "ab", "+", "#");
    fc.assert(
      fc.property(fc.array(wild, { minLength: 1 }), fc.array(level, { minLength: 1 }), (pattern, levels) => {
        const end = pattern.indexOf("#");
        const valid = end === -1 ? pattern : pattern.slice(0, end + 1);
        fc.pre(valid.join("/") !== "" && levels.join("/") !== "");
        expect(matchesFilter(valid.join("/"), levels.join("/"))).toBe(selects(valid, levels));
      }),
      { numRuns: 2_000 },
    );
  });
});

function selects([pattern, ...patterns]: readonly string[], [level, ...levels]: readonly string[]): boolean {
  if (pattern === "#") return true;
  if (pattern === undefined || level === undefined) return pattern === level;
  return (pattern === "+" || pattern === level) && selects(patterns, levels);
}
