import { expect, test } from "bun:test";
import * as v from "valibot";
import { readDocument } from "../../../src/base/json-document.ts";
import { jsonKind } from "../../../src/base/json-kind.ts";
import { readShape, type ShapeSchema } from "../../../src/http/json-shape.ts";

const text = v.string(({ input }) => `invalid type: ${jsonKind(input)}, expected a string`);
const OPEN = v.object({ a: text, b: v.optional(text) }, ({ path }) => `missing field \`${path?.[0]?.key}\``);
const CLOSED = v.strictObject(
  { a: v.optional(text) },
  ({ path }) => `unknown field \`${path?.[0]?.key}\`, expected \`a\``,
);

function read(schema: ShapeSchema, json: string): unknown {
  const document = readDocument(json);
  if (!document.ok) throw new Error(document.fault.message);
  const shape = readShape(schema, document.value);
  return shape.ok ? shape.value : shape.fault;
}

test("what the schema takes is given as the schema gives it", () => {
  expect(read(OPEN, '{"a":"x","c":1}')).toEqual({ a: "x" });
});

test.each([
  ["true", "invalid type: boolean `true`, expected a map at line 1 column 4"],
  [" 42 ", "invalid type: integer `42`, expected a map at line 1 column 3"],
  ["18446744073709551615", "invalid type: integer `18446744073709551615`, expected a map at line 1 column 20"],
  ["2.0", "invalid type: floating point `2.0`, expected a map at line 1 column 3"],
  ["null", "invalid type: null, expected a map at line 1 column 4"],
  ['"a\\"b"', 'invalid type: string "a\\"b", expected a map at line 1 column 6'],
  ["[1]", "invalid type: sequence, expected a map at line 1 column 0"],
])("%s is no object", (json, reason) => {
  expect(read(OPEN, json)).toBe(reason);
});

test.each([
  ["a missing member, at the end", OPEN, '{"b":"x"} ', "missing field `a` at line 1 column 9"],
  [
    "an unknown member, behind its name",
    CLOSED,
    '{\n "zz" : 1}',
    "unknown field `zz`, expected `a` at line 2 column 5",
  ],
  ["a scalar, where it ends", OPEN, '{"a":25}', "invalid type: integer `25`, expected a string at line 1 column 7"],
  ["a list, where it begins", OPEN, '{"a": [3]}', "invalid type: sequence, expected a string at line 1 column 6"],
  ["a map, where it begins", OPEN, '{"a": {}}', "invalid type: map, expected a string at line 1 column 6"],
  [
    "a number that is kept as text, where it ends",
    OPEN,
    '{"a":2.0}',
    "invalid type: floating point `2.0`, expected a string at line 1 column 8",
  ],
  [
    "a member that comes twice, behind the second name",
    OPEN,
    '{"a":"x","\\u0061":"y"}',
    "duplicate field `a` at line 1 column 17",
  ],
  [
    "the first of several flaws",
    OPEN,
    '{"b":1,"a":2}',
    "invalid type: integer `1`, expected a string at line 1 column 6",
  ],
  ["a flaw before what is missing", OPEN, '{"b":1}', "invalid type: integer `1`, expected a string at line 1 column 6"],
  [
    "a name that every object has",
    CLOSED,
    '{"toString":1}',
    "unknown field `toString`, expected `a` at line 1 column 11",
  ],
])("told is %s", (_what, schema, json, reason) => {
  expect(read(schema, json)).toBe(reason);
});

test("a member that the schema does not know may come twice", () => {
  expect(read(OPEN, '{"a":"x","c":1,"c":2}')).toEqual({ a: "x" });
});
