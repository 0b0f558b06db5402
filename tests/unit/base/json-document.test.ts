import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../../src/base/json.ts";
import { readDocument } from "../../../src/base/json-document.ts";

describe("a text that is not JSON", () => {
  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ["  ", "EOF while parsing a value at line 1 column 2"],
    ["{} x", "trailing characters at line 1 column 4"],
    ["{}\n\n }", "trailing characters at line 3 column 2"],
    ["é", "expected value at line 1 column 1"],
    ['"é" x', "trailing characters at line 1 column 6"],
    ["nope", "expected ident at line 1 column 2"],
    ["nul", "EOF while parsing a value at line 1 column 3"],
    ["tru}", "expected ident at line 1 column 4"],
    ["'a'", "expected value at line 1 column 1"],
    ["[1", "EOF while parsing a list at line 1 column 2"],
    ["[1 2]", "expected `,` or `]` at line 1 column 4"],
    ["[1,]", "trailing comma at line 1 column 4"],
    ["[,1]", "expected value at line 1 column 2"],
    ["[1,", "EOF while parsing a value at line 1 column 3"],
    ['{"a"', "EOF while parsing an object at line 1 column 4"],
    ['{"a":', "EOF while parsing a value at line 1 column 5"],
    ['{"a":1', "EOF while parsing an object at line 1 column 6"],
    ['{"a":1,', "EOF while parsing a value at line 1 column 7"],
    ['{"a" 1}', "expected `:` at line 1 column 6"],
    ['{"a":1 "b":2}', "expected `,` or `}` at line 1 column 8"],
    ['{"a":1,}', "trailing comma at line 1 column 8"],
    ["{a:1}", "key must be a string at line 1 column 2"],
    ['"abc', "EOF while parsing a string at line 1 column 4"],
    ['"a\nb"', "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"],
    ['"\\x"', "invalid escape at line 1 column 3"],
    ['"\\u12"', "EOF while parsing a string at line 1 column 6"],
    ['"\\u12x4"', "invalid escape at line 1 column 7"],
    ['"\\udc00"', "lone leading surrogate in hex escape at line 1 column 7"],
    ['"\\ud800"', "unexpected end of hex escape at line 1 column 8"],
    ['"\\ud800', "EOF while parsing a string at line 1 column 7"],
    ['"\\ud800\\n"', "unexpected end of hex escape at line 1 column 9"],
    ['"\\ud800\\u0041"', "lone leading surrogate in hex escape at line 1 column 13"],
    ["01", "invalid number at line 1 column 2"],
    ["-x", "invalid number at line 1 column 2"],
    ["-", "EOF while parsing a value at line 1 column 1"],
    ["1.", "EOF while parsing a value at line 1 column 2"],
    ["1.x", "invalid number at line 1 column 3"],
    ["1e", "EOF while parsing a value at line 1 column 2"],
    ["1e+x", "invalid number at line 1 column 4"],
    ["1e400", "number out of range at line 1 column 5"],
    ["[".repeat(200), "recursion limit exceeded at line 1 column 128"],
  ])("%j: %s", (text, reason) => {
    expect(readDocument(text)).toMatchObject({ ok: false, fault: { message: reason } });
  });

  test("texts are taken and refused as the parser of the engine does", () => {
    const json = fc.json({ maxDepth: 4 });
    const broken = fc
      .tuple(
        json,
        fc.nat(),
        fc.constantFrom("", ",", "}", "]", '"', ":", "0", "-", "e", ".", "\\", "t", " ", "\n", "{", "["),
      )
      .map(([text, at, junk]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + junk + text.slice(place + (at % 2));
      });
    fc.assert(
      fc.property(fc.oneof(json, broken, fc.string()), (text) => {
        const document = readDocument(text);
        const parsed = parseJson(text);
        expect(document.ok).toBe(parsed.ok);
        if (document.ok && parsed.ok) expect(document.value.value).toEqual(parsed.value);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("both halves of a character make one", () => {
  expect(readDocument('"\\ud83d\\ude00"')).toMatchObject({ ok: true, value: { value: "😀" } });
});

test("places are lines from 1 and columns in bytes", () => {
  const document = readDocument('{"é":1,\n "b" : 25}');
  if (!document.ok) throw new Error(document.fault.message);
  const { layout, place } = document.value;
  expect(layout.members.map(({ nameEnd, valueEnd }) => [place(nameEnd), place(valueEnd)])).toEqual([
    [" at line 1 column 5", " at line 1 column 7"],
    [" at line 2 column 4", " at line 2 column 9"],
  ]);
  expect(place(layout.start)).toBe(" at line 1 column 0");
});
