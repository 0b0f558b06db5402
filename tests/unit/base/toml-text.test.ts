import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseToml } from "../../../src/base/toml.ts";
import { tomlKey, tomlText } from "../../../src/base/toml-text.ts";

test("a value is written so that reading it gives the same value, whatever it holds", () => {
  const scalar = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    fc.integer(),
    fc.constant('a\u007f\u0000\n"\\b'),
  );
  const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), value, (key, written) => {
      fc.pre(key !== "__proto__");
      const parsed = parseToml(`${tomlKey([key])} = ${tomlText(written)}`);
      expect(parsed.ok && parsed.value[key]).toEqual(written);
    }),
  );
});

test("lists and inline tables look as a person would write them", () => {
  expect(tomlText(["a", "b"])).toBe('["a", "b"]');
  expect(tomlText({ a: 1, "b c": true })).toBe('{ a = 1, "b c" = true }');
  expect(tomlText({})).toBe("{}");
});

test("dates and floats keep their kind", () => {
  const parsed = parseToml("day = 2026-08-01\nratio = 0.5\nmost = inf");
  expect(parsed.ok && Object.values(parsed.value).map(tomlText)).toEqual(["2026-08-01", "0.5", "inf"]);
});

test("only keys that need it are quoted", () => {
  expect(tomlKey(["mqtt", "bind", "port"])).toBe("mqtt.bind.port");
  expect(tomlKey(["a b", "ü"])).toBe('"a b"."ü"');
});
