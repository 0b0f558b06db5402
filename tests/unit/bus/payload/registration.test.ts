import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseJson, sameJson } from "../../../../src/base/json.ts";
import { entityIdOf } from "../../../../src/bus/entity-id.ts";
import { ENTITY_TYPES, formatRegistration, parseRegistration } from "../../../../src/bus/payload/registration.ts";

function kernel(text: string): string {
  const parsed = parseRegistration(text);
  if (parsed.ok) throw new Error(`${text} was accepted`);
  expect(parsed.fault.code).toBe("invalid-registration");
  return parsed.fault.message;
}

describe("parseRegistration", () => {
  test("reserved keys are read and all others are twin data", () => {
    const text =
      '{"@type":"child-device","@parent":"device/a","@id":"X","@health":"device/a/service/s","name":"N","row":{"r":2}}';
    expect(parseRegistration(text)).toEqual({
      ok: true,
      value: {
        type: "child-device",
        parent: entityIdOf(["device", "a"]),
        externalId: "X",
        health: entityIdOf(["device", "a", "service", "s"]),
        twin: { name: "N", row: { r: 2 } },
      },
    });
  });

  test("absent and null members are absent", () => {
    const text = '{"@type":"service","@parent":null,"@id":null,"@health":null}';
    expect(parseRegistration(text)).toEqual({ ok: true, value: { type: "service", twin: {} } });
  });

  test.each([
    ["{}", "missing field `@type`"],
    ['{"@parent":"x"}', "missing field `@type`"],
    ['{"@type":"dev"}', "unknown variant `dev`, expected one of `device`, `child-device`, `service`"],
    ['{"@type":7}', "invalid type: integer `7`, expected string or map"],
    ['{"@type":"service","@id":5}', "invalid type: integer `5`, expected a string"],
    ['{"@type":"service","@parent":true}', "invalid type: boolean `true`, expected a string"],
    ['{"@type":"service","@health":1.0}', "invalid type: floating point `1.0`, expected a string"],
    ['{"@type":"service","@parent":"a/b/c/d/e"}', "An entity topic identifier has at most 4 segments"],
    ['{"@type":"service","@health":"a/+"}', "An entity topic identifier must be a valid MQTT topic"],
    ["[]", "invalid type: sequence, expected a map"],
    ["null", "invalid type: null, expected a map"],
    ['{"@type":"service","@type":"service"}', "duplicate field `@type`"],
    ['{"@type":"service","@id":"a","\\u0040id":"b"}', "duplicate field `@id`"],
  ])("%s is refused: %s", (text, message) => {
    expect(kernel(text)).toBe(message);
  });

  test("text that is no JSON is refused with what the parser says", () => {
    expect(kernel('{"@type":"service"')).not.toBe("");
    expect(kernel("")).not.toBe("");
  });

  test("of another key that comes twice the last one counts", () => {
    expect(parseRegistration('{"@type":"service","a":1,"a":2}')).toMatchObject({ ok: true, value: { twin: { a: 2 } } });
  });

  test("a reserved name twice inside twin data is no duplicate", () => {
    const text = '{"@type":"service","list":[{"@type":1},{"@type":2}]}';
    expect(parseRegistration(text)).toMatchObject({ ok: true });
  });
});

describe("formatRegistration", () => {
  test("keys are sorted and nothing is added", () => {
    const payload = { type: "child-device", parent: entityIdOf(["device", "main"]), twin: { name: "X" } } as const;
    expect(formatRegistration(payload)).toBe('{"@parent":"device/main//","@type":"child-device","name":"X"}');
    expect(formatRegistration({ type: "service", twin: {} })).toBe('{"@type":"service"}');
  });

  test("numbers keep their digits, and a key named like a prototype is a key", () => {
    const text = '{"@type":"service","__proto__":{"a":1},"constructor":2.0,"serial":9007199254740993}';
    const parsed = parseRegistration(text);
    expect(parsed.ok && formatRegistration(parsed.value)).toBe(text);
  });

  test("what is written is read back the same", () => {
    const payload = fc.record({
      type: fc.constantFrom(...ENTITY_TYPES),
      twin: fc.dictionary(fc.string(), fc.jsonValue()),
    });
    fc.assert(
      fc.property(payload, ({ type, twin }) => {
        const json = parseJson(JSON.stringify({ ...twin, "@type": type }));
        const once = parseRegistration(JSON.stringify({ ...twin, "@type": type }));
        if (!once.ok || !json.ok) return;
        const again = parseJson(formatRegistration(once.value));
        expect(again.ok && sameJson(again.value, json.value)).toBe(true);
      }),
    );
  });
});
