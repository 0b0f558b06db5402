import { expect, test } from "bun:test";
import { parseJson } from "../../../src/base/json.ts";
import { jsonKind } from "../../../src/base/json-kind.ts";

test.each([
  ["null", "null"],
  ["true", "boolean `true`"],
  ["5", "integer `5`"],
  ["9007199254740993", "integer `9007199254740993`"],
  ["1.5", "floating point `1.5`"],
  ["2.0", "floating point `2.0`"],
  ['"a\\"b"', 'string "a\\"b"'],
  ['"a\\u0001"', 'string "a\\u{1}"'],
  ["[1]", "sequence"],
  ["{}", "map"],
])("%s is called %s", (text, kind) => {
  const parsed = parseJson(text);
  expect(parsed.ok && jsonKind(parsed.value)).toBe(kind);
});
