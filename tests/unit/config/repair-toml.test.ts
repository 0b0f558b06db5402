import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseToml } from "../../../src/base/toml.ts";
import { repairToml } from "../../../src/config/repair-toml.ts";

test("sound text has nothing to repair", () => {
  expect(repairToml("a = 1\n")).toEqual({ text: "a = 1\n", broken: [] });
});

test("broken lines, and no others, become comments that keep what they said", () => {
  expect(repairToml("a = 1\nb = \n[c\r\nd = 2\nd = 3\n")).toEqual({
    text: "a = 1\n# tebus: broken line: b = \n# tebus: broken line: [c\r\nd = 2\n# tebus: broken line: d = 3\n",
    broken: [
      { line: 2, content: "b =" },
      { line: 3, content: "[c" },
      { line: 5, content: "d = 3" },
    ],
  });
});

test("a text with many broken lines is not repaired", () => {
  expect(repairToml("?\n".repeat(11))).toBeUndefined();
  expect(repairToml("?\n".repeat(10))?.broken.length).toBe(10);
});

test("whatever the text, a repaired one is TOML and has as many lines", () => {
  const line = fc.oneof(
    fc.constantFrom("a = 1", "[b]", "c = [", "]", 'd = """', "# x", ""),
    fc.string({ unit: "grapheme-ascii", maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.join("\n");
      const repaired = repairToml(text);
      if (repaired === undefined) return;
      expect(parseToml(repaired.text).ok).toBe(true);
      expect(repaired.text.split("\n").length).toBe(text.split("\n").length);
      expect(repaired.text.replaceAll("# tebus: broken line: ", "")).toBe(text);
    }),
  );
});
