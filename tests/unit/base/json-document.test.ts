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
    ["01", "invalid number at line 1 column 2"],
    ["-x", "invalid number at line 1 column 2"],
    ["-", "EOF while parsing a value at line 1 column 1"],
    ["1.", "EOF while parsing a value at line 1 column 2"],
    ["1.x", "invalid number at line 1 column 3"],
    ["1e", "EOF while parsing a value at line 1 column 2"],
    ["1e+x", "invalid number at line 1 column 4"],
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

describe("a document of the wrong shape", () => {
  test.each([
    ["true", "invalid type: boolean `true`, expected a map at line 1 column 4"],
    [" 42 ", "invalid type: integer `42`, expected a map at line 1 column 3"],
    ["18446744073709551615", "invalid type: integer `18446744073709551615`, expected a map at line 1 column 20"],
    ["2.0", "invalid type: floating point `2.0`, expected a map at line 1 column 3"],
    ["null", "invalid type: null, expected a map at line 1 column 4"],
    ['"a\\"b"', 'invalid type: string "a\\"b", expected a map at line 1 column 6'],
    ["[1]", "invalid type: sequence, expected a map at line 1 column 0"],
  ])("%s", (text, complaint) => {
    const document = readDocument(text);
    expect(document.ok && document.value.complaint.invalidType(document.value.value, "a map")).toBe(complaint);
  });

  test("the place of a member is that of the last one of its name", () => {
    const document = readDocument('{"a":1,\n "\\u0061" : 25, "b":[3]}');
    if (!document.ok) throw new Error(document.fault.message);
    const { complaint } = document.value;
    expect(complaint.unknownField("a", "`c`")).toBe("unknown field `a`, expected `c` at line 2 column 9");
    expect(complaint.invalidType(25, "a string", "a")).toBe(
      "invalid type: integer `25`, expected a string at line 2 column 14",
    );
    expect(complaint.invalidType([3], "a string", "b")).toBe(
      "invalid type: sequence, expected a string at line 2 column 20",
    );
    expect(complaint.refused("no", "b")).toBe("no at line 2 column 23");
    expect(complaint.missingField("c")).toBe("missing field `c` at line 2 column 24");
  });
});
