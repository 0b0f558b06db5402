import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatPartialName,
  isKeepable,
  parsePartialName,
  partialKey,
} from "../../../../src/files/transfer/partial-name.ts";

test("a name says what was kept, whatever the tag is", () => {
  const name = fc.record({
    key: fc.tuple(fc.webUrl(), fc.string()).map(([url, target]) => partialKey(url, target)),
    owner: fc.tuple(fc.nat(), fc.nat()).map(([pid, begin]) => `${pid}.${begin}`),
    serial: fc.nat(),
    kept: fc.nat(Number.MAX_SAFE_INTEGER),
    etag: fc.option(
      fc.string({ unit: "binary-ascii", maxLength: 78 }).map((tag) => `"${tag}"`),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(name, (says) => {
      const text = formatPartialName(says);
      expect(parsePartialName(text)).toEqual(says);
      expect(text).toMatch(/^[a-z0-9.-]{1,255}$/);
    }),
  );
});

test.each(["", "target", ".tebus-x.partial", ".tebus-0c5d6b7e-0000-0000-0000-000000000000.part"])(
  "%p is the name of something else",
  (name) => {
    expect(parsePartialName(name)).toBeUndefined();
  },
);

test("the key tells URLs and targets apart", () => {
  const keys = [partialKey("a", "b"), partialKey("ab", ""), partialKey("a", "c"), partialKey("c", "b")];
  expect(new Set(keys).size).toBe(4);
});

test.each([
  ['"abc"', true],
  ['""', true],
  ['W/"abc"', false],
  ["abc", false],
  [`"${"x".repeat(80)}"`, false],
  [null, false],
])("the tag %s can be kept: %p", (etag, keepable) => {
  expect(isKeepable(etag)).toBe(keepable);
});
