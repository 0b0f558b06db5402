import { expect, test } from "bun:test";
import fc from "fast-check";
import { softwareFileName } from "../../../src/files/software-file-name.ts";

test.each([
  ["nodered", undefined, "nodered"],
  ["nodered", "1.0.0~rc1", "nodered_1.0.0~rc1"],
  ["a/b c", undefined, "a%2fb%20c"],
  ["a", "1:2-3", "a_1%3a2-3"],
  ["50%", undefined, "50%25"],
  ["é€😀", undefined, "%c3%a9%e2%82%ac%f0%9f%98%80"],
  ["..", undefined, "%2e%2e"],
  [".", undefined, "%2e"],
  ["..", "1", ".._1"],
  ["\n\0", undefined, "%0a%00"],
])("%p of version %p is %p", (name, version, file) => {
  expect(softwareFileName(name, version)).toBe(file);
});

test("a name that is too long stays one of its own", () => {
  const [one, other] = ["a", "b"].map((end) => softwareFileName("é".repeat(500), end));
  expect(one).toMatch(/^(?:%c3%a9)+(?:%c3)?~[0-9a-f]{16}$/);
  expect(one).not.toBe(other);
});

test("whatever its name, a package gets a file of its own that every file system takes", () => {
  const name = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(
    fc.property(name, name, (one, other) => {
      const file = softwareFileName(one);
      if (one !== "") expect(file).toMatch(/^(?!\.{1,2}$)[0-9A-Za-z\-._~%]{1,200}$/);
      if (one.toWellFormed() !== other.toWellFormed()) expect(file).not.toBe(softwareFileName(other));
    }),
  );
});
