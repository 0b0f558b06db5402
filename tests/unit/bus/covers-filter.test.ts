import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { coversFilter, uniteSubscriptions } from "../../../src/bus/covers-filter.ts";
import { isTopicFilter, matchesFilter } from "../../../src/bus/topic-filter.ts";

describe("a filter", () => {
  test.each([
    ["#", "a/b"],
    ["a/#", "a"],
    ["a/#", "a/#"],
    ["a/#", "a/+/c"],
    ["a/+", "a/b"],
    ["te/+/+/+/+/twin/+", "te/device/main///twin/+"],
  ])("%s covers %s", (outer, inner) => {
    expect(coversFilter(outer, inner)).toBe(true);
  });

  test.each([
    ["a/b", "a/+"],
    ["a/+", "a/#"],
    ["a/+", "a"],
    ["+/b", "a/+"],
    ["#", "$SYS/a"],
    ["a/b", "a/b/c"],
  ])("%s does not cover %s", (outer, inner) => {
    expect(coversFilter(outer, inner)).toBe(false);
  });

  const level = fc.constantFrom("a", "b", "", "$s");
  const filter = fc
    .array(fc.constantFrom("a", "b", "", "+", "#", "$s"), { minLength: 1, maxLength: 4 })
    .map((levels) => levels.join("/"))
    .filter(isTopicFilter);
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join("/"));

  test("that covers another selects all that the other selects", () => {
    fc.assert(
      fc.property(filter, filter, topic, (outer, inner, name) => {
        const isImplied = coversFilter(outer, inner) && matchesFilter(inner, name);
        expect(isImplied && !matchesFilter(outer, name)).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is left out of a union only if others select what it selects", () => {
    fc.assert(
      fc.property(fc.array(filter), topic, (filters, name) => {
        fc.pre(name !== "");
        const united = uniteSubscriptions(filters.map((text) => ({ filter: text, qos: 1 })));
        const selected = (subscriptions: readonly string[]) => subscriptions.some((text) => matchesFilter(text, name));
        expect(selected(united.map((subscription) => subscription.filter))).toBe(selected(filters));
        expect(united.length).toBeLessThanOrEqual(new Set(filters).size);
      }),
    );
  });
});

test("a subscription with a lower QoS does not stand for one with a higher", () => {
  const narrow = { filter: "a/b", qos: 1 } as const;
  const wide = { filter: "a/#", qos: 0 } as const;
  expect(uniteSubscriptions([narrow, wide])).toEqual([narrow, wide]);
  expect(uniteSubscriptions([narrow, { ...narrow, qos: 0 }, narrow])).toEqual([narrow]);
  expect(uniteSubscriptions([narrow, { ...wide, qos: 1 }])).toEqual([{ ...wide, qos: 1 }]);
});
