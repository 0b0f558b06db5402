import { expect, test } from "bun:test";
import { readModuleList } from "../../../../src/operations/software/module-list.ts";
import type { SoftwareSettings } from "../../../../src/operations/software/software-settings.ts";

function names(listed: string, settings: Partial<SoftwareSettings> = {}): string[] {
  const list = readModuleList(new TextEncoder().encode(listed), { maxPackages: 0, ...settings });
  if (!list.ok) throw new Error(list.fault.message);
  return list.value.map(({ name }) => name);
}

test("a line is a name, perhaps a version, and columns that do not matter; blank lines are nothing", () => {
  const listed = new TextEncoder().encode("a\t1.0\n\nb\t\nc\nd\t2\textra\t\n\r\ne\t3\r\n");
  const list = readModuleList(listed, { maxPackages: 0 });
  expect(list.ok && list.value).toEqual([
    { name: "a", version: "1.0" },
    { name: "b" },
    { name: "c" },
    { name: "d", version: "2" },
    { name: "e", version: "3" },
  ]);
});

test("no more than the limit, and 0 is no limit", () => {
  const listed = Array.from({ length: 2_000 }, (_, index) => `m${index}\t1\n`).join("");
  expect(names(listed, { maxPackages: 3 })).toEqual(["m0", "m1", "m2"]);
  expect(names(listed)).toHaveLength(2_000);
});

const LISTED = "libc\t1\nlibssl\t1\ntedge\t1\ntedge-lib\t1\nother\n";

test.each([
  ["only what is excluded goes", { exclude: "^lib" }, ["tedge", "tedge-lib"]],
  ["only what is included stays", { include: "^tedge" }, ["tedge", "tedge-lib"]],
  ["what is included stays although it is excluded", { exclude: "lib", include: "^tedge-" }, ["tedge", "tedge-lib"]],
  ["with a filter, lines without a tab go", { exclude: "^$" }, ["libc", "libssl", "tedge", "tedge-lib"]],
  ["without one they stay", {}, ["libc", "libssl", "tedge", "tedge-lib", "other"]],
])("%s", (_rule, settings, expected) => {
  expect(names(LISTED, settings)).toEqual(expected);
});

test("the limit counts what the filter leaves", () => {
  expect(names(LISTED, { exclude: "^lib", maxPackages: 1 })).toEqual(["tedge"]);
});

test("a filter that is no regular expression is told", () => {
  const list = readModuleList(new Uint8Array(), { maxPackages: 0, include: "*" });
  expect(list.ok ? "" : list.fault.message).toBe("Invalid regular expression *");
});
