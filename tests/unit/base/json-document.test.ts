import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson } from "../../../src/base/json.ts";
import { type JsonDocument, readDocument } from "../../../src/base/json-document.ts";

function read(text: string): JsonDocument {
  const document = readDocument(text);
  if (!document.ok) throw new Error(document.fault.message);
  return document.value;
}

describe("a text that is not JSON", () => {
  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ["{} x", "trailing characters at line 1 column 4"],
    ["{}\n\n }", "trailing characters at line 3 column 2"],
    ["{a:1}", "key must be a string at line 1 column 2"],
    ['{"a" 1}', "expected `:` at line 1 column 6"],
    ['{"a":1 "b":2}', "expected `,` or `}` at line 1 column 8"],
    ['{"a":1,}', "trailing comma at line 1 column 8"],
    ['{"a":[1,]}', "trailing comma at line 1 column 9"],
    ['{"a":1e400}', "number out of range at line 1 column 10"],
    ["[".repeat(200), "recursion limit exceeded at line 1 column 128"],
  ])("%j: %s", (text, reason) => {
    expect(readDocument(text)).toMatchObject({ ok: false, fault: { code: "invalid-json", message: reason } });
  });
});

test("the value keeps the spelling of numbers, and a name may be that of a prototype", () => {
  const text = '{"a":9007199254740993,"__proto__":{"b":2.0},"c":"\\ud83d\\ude00"}';
  expect(JSON.stringify(read(text).value)).toBe('{"a":9007199254740993,"__proto__":{"b":2.0},"c":"😀"}');
});

test("places are lines from 1 and columns in bytes", () => {
  const { layout, place } = read('{"é":1,\n "b" : 25}');
  expect(layout.members.map(({ nameEnd, valueEnd }) => [place(nameEnd), place(valueEnd)])).toEqual([
    [" at line 1 column 5", " at line 1 column 7"],
    [" at line 2 column 4", " at line 2 column 9"],
  ]);
  expect(place(layout.start)).toBe(" at line 1 column 0");
});

test("the members are those of the outermost object, also those that come twice", () => {
  expect(read(' {"a":{"x":1},"a" : [2] } ').layout).toEqual({
    start: 1,
    end: 25,
    members: [
      { name: "a", nameEnd: 5, valueStart: 6, valueEnd: 13 },
      { name: "a", nameEnd: 17, valueStart: 20, valueEnd: 23 },
    ],
  });
  expect(read(" [1, 2] ").layout).toEqual({ start: 1, end: 7, members: [] });
});

test("whatever object it is, its members are found where they are", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 1), (object, indent) => {
      const text = JSON.stringify(object, undefined, indent);
      for (const { name, nameEnd, valueStart, valueEnd } of read(text).layout.members) {
        expect(text.slice(0, nameEnd).endsWith(JSON.stringify(name))).toBe(true);
        const value = parseJson(text.slice(valueStart, valueEnd));
        expect(value.ok && JSON.parse(JSON.stringify(value.value))).toEqual(JSON.parse(text)[name]);
      }
    }),
  );
});
