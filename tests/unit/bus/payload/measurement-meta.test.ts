import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import {
  MEASUREMENT_META_SCHEMA,
  type MeasurementUnits,
  parseMeasurementMeta,
  unitOf,
} from "../../../../src/bus/payload/measurement-meta.ts";
import { ANY_TEXT } from "./any-payload.ts";

function read(text: string): MeasurementUnits | undefined {
  const parsed = parseMeasurementMeta(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

test("units are given by name, those of grouped values by group and name", () => {
  const units = read('{"flow":{"unit":"l/min"},"motor.rpm":{"unit":"1/min","max":3000}}');
  expect(unitOf(units, "flow")).toBe("l/min");
  expect(unitOf(units, "rpm", "motor")).toBe("1/min");
  expect(unitOf(units, "rpm")).toBeUndefined();
  expect(unitOf(units, "flow", "motor")).toBeUndefined();
  expect(unitOf(undefined, "flow")).toBeUndefined();
});

test("the first dot of a key parts group and name", () => {
  const units = read('{"a.b.c":{"unit":"x"},".d":{"unit":"y"},"e.":{"unit":"z"}}');
  expect(unitOf(units, "b.c", "a")).toBe("x");
  expect(unitOf(units, "d", "")).toBe("y");
  expect(unitOf(units, "", "e")).toBe("z");
  expect(unitOf(units, "a.b.c")).toBeUndefined();
});

test("what has no unit that is a text is skipped", () => {
  const units = read(
    '{"a":{"unit":5},"b":"x","c":{},"d":null,"e":{"unit":null},"__proto__":{"unit":"p"},"f":{"unit":""}}',
  );
  expect([...(units?.values ?? [])]).toEqual([
    ["__proto__", "p"],
    ["f", ""],
  ]);
  expect(units?.groups.size).toBe(0);
});

test.each(["", "null"])("%j takes the metadata away", (text) => {
  expect(read(text)).toBeUndefined();
});

test.each(["5", "[]", '"x"', "{}"])("%s has no units", (text) => {
  expect(read(text)).toEqual({ values: new Map(), groups: new Map() });
});

test("what is no JSON is refused in the words that clients know", () => {
  expect(parseMeasurementMeta("{")).toMatchObject({
    ok: false,
    fault: { code: "invalid-metadata", message: "Failed to update the context: not a JSON payload" },
  });
});

describe("the schema", () => {
  test("describes the documents that have units, and any other object", () => {
    for (const text of ['{"a":{"unit":"x"}}', '{"a":{"unit":5}}', '{"a":1}', "{}"]) {
      expect(v.is(MEASUREMENT_META_SCHEMA, JSON.parse(text))).toBe(true);
    }
  });
});

test("no text makes the parser throw", () => {
  fc.assert(fc.property(ANY_TEXT, (text) => expect(typeof parseMeasurementMeta(text).ok).toBe("boolean")));
});
