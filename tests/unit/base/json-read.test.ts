import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Json, parseJson } from "../../../src/base/json.ts";
import { flawAt, type JsonCursor, readJsonText } from "../../../src/base/json-cursor.ts";
import { describeFlaw } from "../../../src/base/json-flaw.ts";
import { readJson, setMember, wrongType } from "../../../src/base/json-read.ts";
import { end } from "../../../src/base/json-token.ts";

function whole(cursor: JsonCursor): Json {
  const value = readJson(cursor);
  end(cursor);
  return value;
}

function flawOf(text: string, read: (cursor: JsonCursor) => unknown): string {
  const result = readJsonText(text, read);
  return result.ok ? "none" : describeFlaw(result.fault);
}

describe("a text that is not JSON", () => {
  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ["  ", "EOF while parsing a value at line 1 column 2"],
    ["{} x", "trailing characters at line 1 column 4"],
    ["{}\n\n }", "trailing characters at line 3 column 2"],
    ["é", "expected value at line 1 column 1"],
    ['"é" x', "trailing characters at line 1 column 6"],
    ["nope", "expected ident at line 1 column 2"],
    ["né", "expected ident at line 1 column 2"],
    ["nul", "EOF while parsing a value at line 1 column 3"],
    ["nul\n", "expected ident at line 2 column 0"],
    ["tru}", "expected ident at line 1 column 4"],
    ["'a'", "expected value at line 1 column 1"],
    ["[1", "EOF while parsing a list at line 1 column 2"],
    ["[1 2]", "expected `,` or `]` at line 1 column 4"],
    ["[1,]", "trailing comma at line 1 column 4"],
    ["[,1]", "expected value at line 1 column 2"],
    ["[1,", "EOF while parsing a value at line 1 column 3"],
    ["{", "EOF while parsing an object at line 1 column 1"],
    ['{"a"', "EOF while parsing an object at line 1 column 4"],
    ['{"a":', "EOF while parsing a value at line 1 column 5"],
    ['{"a":1', "EOF while parsing an object at line 1 column 6"],
    ['{"a":1,', "EOF while parsing a value at line 1 column 7"],
    ['{"a" 1}', "expected `:` at line 1 column 6"],
    ['{"a":1 "b":2}', "expected `,` or `}` at line 1 column 8"],
    ['{"a":1,}', "trailing comma at line 1 column 8"],
    ["{a:1}", "key must be a string at line 1 column 2"],
    ['{"a":1,2}', "key must be a string at line 1 column 8"],
    ['"abc', "EOF while parsing a string at line 1 column 4"],
    ['"', "EOF while parsing a string at line 1 column 1"],
    ['"a\nb"', "control character (\\u0000-\\u001F) found while parsing a string at line 2 column 0"],
    ['"a\tb"', "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 3"],
    ['"\\', "EOF while parsing a string at line 1 column 2"],
    ['"\\x"', "invalid escape at line 1 column 3"],
    ['"\\é"', "invalid escape at line 1 column 3"],
    ['"\\u12"', "EOF while parsing a string at line 1 column 6"],
    ['"\\u12x4"', "invalid escape at line 1 column 7"],
    ['"\\u12é4"', "invalid escape at line 1 column 7"],
    ['"\\uéé', "invalid escape at line 1 column 7"],
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
    ["1.\n", "invalid number at line 2 column 0"],
    ["1e", "EOF while parsing a value at line 1 column 2"],
    ["1e+", "EOF while parsing a value at line 1 column 3"],
    ["1e+x", "invalid number at line 1 column 4"],
    ["1e400 ", "number out of range at line 1 column 5"],
    ["-1e+9999999999", "number out of range at line 1 column 14"],
    ["1e99999999999x", "number out of range at line 1 column 12"],
    ["9".repeat(400), "number out of range at line 1 column 400"],
    ["[".repeat(200), "recursion limit exceeded at line 1 column 128"],
    ['{"a":'.repeat(200), "recursion limit exceeded at line 1 column 636"],
  ])("%j: %s", (text, flaw) => {
    expect(flawOf(text, whole)).toBe(flaw);
  });
});

describe("a value of the wrong type", () => {
  test.each([
    ["true", "boolean `true`", 4, 4],
    [" false", "boolean `false`", 6, 6],
    ["null", "null", 4, 4],
    ["42 ", "integer `42`", 2, 2],
    ["2.0", "floating point `2.0`", 3, 3],
    ['"a\\"b"', 'string "a\\"b"', 6, 6],
    ["[1]", "sequence", 0, 1],
    ["[ ]", "sequence", 0, 3],
    ["[ , 1]", "sequence", 0, 4],
    ["[", "sequence", 0, 1],
    ["{ }", "map", 0, 3],
    ['{ "a":1}', "map", 0, 2],
    ["{ ,", "map", 0, 2],
  ])("%j is called %s, noticed in column %p, or %p by who would take several types", (text, kind, before, inside) => {
    const reason = `invalid type: ${kind}, expected X`;
    const complaint = (stepsInto: boolean) =>
      flawOf(text, (cursor) => {
        throw wrongType(cursor, "X", stepsInto);
      });
    expect(complaint(false)).toBe(`${reason} at line 1 column ${before}`);
    expect(complaint(true)).toBe(`${reason} at line 1 column ${inside}`);
  });

  test("is first of all no JSON if it is none", () => {
    const complaint = (text: string) =>
      flawOf(text, (cursor) => {
        throw wrongType(cursor, "X", true);
      });
    expect(complaint("nul")).toBe("EOF while parsing a value at line 1 column 3");
    expect(complaint("?")).toBe("expected value at line 1 column 1");
  });
});

test("numbers keep their spelling, of two members with one name the last counts, and a name may be that of a prototype", () => {
  const text = '{"a":1,"b":9007199254740993,"c":[2.0,-0],"__proto__":{"x":null},"a":"\\u0041\\ud83d\\ude00"}';
  const read = readJsonText(text, whole);
  expect(read.ok && JSON.stringify(read.value)).toBe(
    '{"a":"A😀","b":9007199254740993,"c":[2.0,-0],"__proto__":{"x":null}}',
  );
});

test("a member named `__proto__` is an own one", () => {
  const object: Record<string, Json> = {};
  setMember(object, "__proto__", 1);
  expect(Object.entries(object)).toEqual([["__proto__", 1]]);
});

test("reading may stop anywhere, with the reason and place of the one who reads", () => {
  const flaw = flawOf("[1,\n  2]", (cursor) => {
    cursor.at = 6;
    throw flawAt(cursor, "enough");
  });
  expect(flaw).toBe("enough at line 2 column 2");
});

test("what is no flaw goes on as it was thrown", () => {
  expect(() =>
    readJsonText("1", () => {
      throw new TypeError("bug");
    }),
  ).toThrow(TypeError);
});

describe("whatever the text", () => {
  const json = fc.json({ maxDepth: 4 });
  const junk = fc.constantFrom("", ",", "}", "]", '"', ":", "0", "-", "e", ".", "\\", "t", " ", "\n", "{", "[", "é");
  const broken = fc.tuple(json, fc.nat(), junk, fc.nat(1)).map(([text, at, inserted, removed]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + removed);
  });

  test("it is taken and refused as by the parser of the engine, with the same value", () => {
    fc.assert(
      fc.property(fc.oneof(json, broken, fc.string()), (text) => {
        const read = readJsonText(text, whole);
        const parsed = parseJson(text);
        if (!read.ok && /number out of range|surrogate|hex escape/.test(read.fault.reason)) return;
        expect(read.ok).toBe(parsed.ok);
        if (read.ok && parsed.ok) expect(read.value).toEqual(parsed.value);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a flaw is inside the text", () => {
    fc.assert(
      fc.property(fc.oneof(broken, fc.string()), (text) => {
        const read = readJsonText(text, whole);
        if (read.ok) return;
        const lines = text.split("\n");
        const { line, column } = read.fault;
        expect(line).toBeGreaterThan(0);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeLessThanOrEqual(new TextEncoder().encode(lines[line - 1]).length);
      }),
    );
  });
});
