import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeFlaw, flawExcerpt } from "../../../src/base/json-flaw.ts";

test("a flaw is told with its place", () => {
  expect(describeFlaw({ reason: "trailing comma", line: 1, column: 8 })).toBe("trailing comma at line 1 column 8");
});

describe("an excerpt", () => {
  const at = (text: string, line: number, column: number, length = 80) =>
    flawExcerpt(text, { reason: "", line, column }, length);

  test("begins with the character of the flaw and goes on over lines", () => {
    expect(at("line 1\nline 2\nline 3\n", 2, 3)).toBe("ne 2\nline 3\n");
    expect(at("abc", 1, 0)).toBe("abc\n");
    expect(at("abc", 1, 1)).toBe("abc\n");
  });

  test("ends after so many characters, whatever their size", () => {
    expect(at("line 1\nline 2\n", 1, 3, 6)).toBe("ne 1\nl");
    expect(at("😀😀😀", 1, 2, 1)).toBe("😀");
  });

  test("is empty behind the last line", () => {
    expect(at("a\nb\n", 3, 0)).toBe("");
    expect(at("", 1, 0)).toBe("");
  });

  test("shows the ends of lines as line feeds, and a carriage return elsewhere as it is", () => {
    expect(at("a\r\nb\r\n", 1, 1)).toBe("a\nb\n");
    expect(at("a\rb\r", 1, 1)).toBe("a\rb\r\n");
    expect(at("\n\n", 1, 1)).toBe("\n\n");
  });

  test("is never longer than asked", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(5), fc.nat(20), fc.nat(100), (text, line, column, length) => {
        expect([...at(text, line, column, length)].length).toBeLessThanOrEqual(length);
      }),
    );
  });
});
