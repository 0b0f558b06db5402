import fc from "fast-check";
import { ANY_TIME_TEXT } from "./any-time.ts";

const NAME = fc.constantFrom(
  "time",
  "type",
  "text",
  "severity",
  "properties",
  "externalSource",
  "types",
  "a",
  "b.c",
  "é",
);

const VALUE = fc.oneof(
  { arbitrary: fc.constantFrom("0", "-1", "2.0", "1e3", "-0", "1e-310", "1e-400", "9007199254740993"), weight: 4 },
  { arbitrary: fc.constantFrom('"warning"', '"x"', '""', "null", "true", "[]", "[1]", '["x"]'), weight: 2 },
  ANY_TIME_TEXT,
);

const GROUP = members(VALUE, 3);

/** JSON objects with the names that telemetry knows, sound and unsound, no name twice. */
export const ANY_RECORD: fc.Arbitrary<string> = members(fc.oneof({ arbitrary: VALUE, weight: 3 }, GROUP), 4);

/** Other JSON, and texts that are none. */
export const ANY_TEXT: fc.Arbitrary<string> = fc.oneof(
  ANY_RECORD,
  fc.json({ maxDepth: 3 }),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc
    .tuple(ANY_RECORD, fc.nat(), fc.constantFrom("", "}", "{", '"', ",", "\n", "\\", "é"))
    .map(([text, at, inserted]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + inserted + text.slice(place + 1);
    }),
);

/**
 * A JSON text for valibot, which takes an array for an object although the documents made from its schemas don't: `true` stands for
 * every array, as wrong as one wherever an object is wanted.
 */
export function withoutArrays(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => (Array.isArray(value) ? true : value));
}

function members(value: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc
    .uniqueArray(fc.tuple(NAME, value), { selector: ([name]) => name, maxLength })
    .map((pairs) => `{${pairs.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`);
}
