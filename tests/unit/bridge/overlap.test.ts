import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeLoop, filtersOverlap, findLoops } from "../../../src/bridge/overlap.ts";
import { matchesFilter } from "../../../src/bus/topic-filter.ts";

describe("two filters", () => {
  test.each([
    ["a/#", "a", true],
    ["#", "a/b", true],
    ["+/b", "a/+", true],
    ["a/+/c", "a/b/#", true],
    ["a/b", "a/b", true],
    ["a/+", "a", false],
    ["a/b", "a/c", false],
    ["a/+", "a/b/c", false],
    ["#", "$aws/x", false],
    ["$aws/#", "$aws/x", true],
  ])("%p and %p overlap: %p", (left, right, overlap) => {
    expect(filtersOverlap(left, right)).toBe(overlap);
    expect(filtersOverlap(right, left)).toBe(overlap);
  });

  test("that select the same topic overlap", () => {
    const level = fc.constantFrom("a", "b", "");
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 3 }), fc.boolean())
      .map(([levels, open]) => [...levels, ...(open || levels.length === 0 ? ["#"] : [])].join("/"))
      .filter((text) => text !== "");
    const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));
    fc.assert(
      fc.property(filter, filter, topic, (left, right, one) => {
        const both = matchesFilter(left, one) && matchesFilter(right, one);
        return !both || filtersOverlap(left, right);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("rules that hand messages round", () => {
  const out = { localPrefix: "l/", remotePrefix: "r/", topic: "x/#", direction: "outbound" } as const;
  const back = { localPrefix: "l/", remotePrefix: "r/", topic: "+/y", direction: "inbound" } as const;

  test("are found when an outbound and an inbound one overlap on both sides", () => {
    expect(findLoops([back, out])).toEqual([{ outbound: out, inbound: back }]);
    expect(describeLoop({ outbound: out, inbound: back })).toStartWith(
      "Outbound rule l/x/# -> r/x/# and inbound rule l/+/y <- r/+/y overlap on both sides",
    );
  });

  test("are not seen where one side differs or a bidirectional rule protects", () => {
    expect(findLoops([out, { ...back, remotePrefix: "other/" }])).toEqual([]);
    expect(findLoops([out, { ...back, localPrefix: "other/" }])).toEqual([]);
    expect(findLoops([{ ...out, direction: "bidirectional" }, back])).toEqual([]);
  });
});
