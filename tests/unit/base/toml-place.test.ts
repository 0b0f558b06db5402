// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import { excerpt, lineAndColumn } from "../../../src/base/excerpt.ts";
import { tomlKeyPlace, tomlPlaces } from "../../../src/base/toml-place.ts";

const TEXT = `# comment
top = "é😀-value"
list = ["one", 'two']
[table]
sub.key = 7
[[rule]]
topic = """multi\${x}"""
[[rule]]
topic = "esc\\u0041ped \${x}"
inline = { a = [ { b = true } ] }
`;

function at(path: (string | number)[], within?: { start: number; end: number }): string {
  const { start, end } = tomlPlaces(TEXT)(path, within);
  return TEXT.slice(start, end);
}

describe("the place of a value in TOML", () => {
  test("is found by its path", () => {
    expect(at(["top"])).toBe('"é😀-value"');
    expect(at(["list", 1])).toBe("'two'");
    expect(at(["table", "sub", "key"])).toBe("7");
    expect(at(["rule", 0, "topic"])).toBe('"""multi${x}"""');
    expect(at(["rule", 1, "inline", "a", 0, "b"])).toBe("true");
  });

  test("is narrowed to a part of a string", () => {
    expect(at(["top"], { start: 3, end: 9 })).toBe("-value");
    expect(at(["rule", 0, "topic"], { start: 5, end: 9 })).toBe("${x}");
  });

  test("stays the whole string when it is written with escapes", () => {
    expect(at(["rule", 1, "topic"], { start: 0, end: 3 })).toBe('"esc\\u0041ped ${x}"');
  });

  test("is the header of its table when it is missing", () => {
    const place = tomlPlaces(TEXT)(["rule", 1, "direction"]);
    expect(lineAndColumn(TEXT, place.start)).toEqual({ line: 8, column: 3 });
    expect(at(["nothing"])).toBe("");
  });

  test("of a key is the key alone", () => {
    const place = tomlKeyPlace(TEXT, ["rule", 1, "inline"]);
    expect(TEXT.slice(place.start, place.end)).toBe("inline");
    const header = tomlKeyPlace(TEXT, ["rule"]);
    expect(lineAndColumn(TEXT, header.start).line).toBe(6);
  });

  test("is the start of a text that cannot be read", () => {
    expect(tomlPlaces("a = ")(["a"])).toEqual({ start: 0, end: 0 });
  });
});

describe("an excerpt", () => {
  test("shows file, line and column counted in characters, the line, the underline and the note", () => {
    const start = TEXT.indexOf("-value");
    const shown = excerpt(TEXT, { file: "x.toml", message: "Wrong", span: { start, end: start + 6 }, note: "Do this" });
    expect(shown.split("\n")).toEqual([
      "error: Wrong",
      " --> x.toml:2:10",
      "  |",
      '2 | top = "é😀-value"',
      "  |          ^^^^^^",
      "  = note: Do this",
    ]);
  });

  test("underlines at most to the end of the line, keeps tabs and leaves out a carriage return", () => {
    const shown = excerpt("\ta = 1\r\nb", { file: "f", message: "m", span: { start: 5, end: 9 } });
    expect(shown.split("\n").slice(3)).toEqual(["1 | \ta = 1", "  | \t    ^"]);
  });
});
