import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { CONFIG_DOCUMENT_SCHEMA, parseConfigDocument } from "../../../../src/bus/payload/config-document.ts";
import { ANY_TEXT } from "./any-payload.ts";

describe("an exposed configuration", () => {
  test("is an object, numbers spelled as received", () => {
    const parsed = parseConfigDocument('{"mqtt.client.port":1883,"limit":9007199254740993,"__proto__":2.0}');
    expect(parsed.ok && JSON.stringify(parsed.value)).toBe(
      '{"mqtt.client.port":1883,"limit":9007199254740993,"__proto__":2.0}',
    );
  });

  test("is taken away by an empty text", () => {
    expect(parseConfigDocument("")).toEqual({ ok: true, value: undefined });
  });

  test.each([
    ["[]", "invalid type: sequence, expected a map"],
    ["null", "invalid type: null, expected a map"],
    ["5", "invalid type: integer `5`, expected a map"],
  ])("is not %s", (text, message) => {
    expect(parseConfigDocument(text)).toMatchObject({ ok: false, fault: { code: "invalid-config", message } });
  });

  test.each(["", "@id", "a/b", "/"])("is refused as a whole for the key %j", (key) => {
    expect(parseConfigDocument(JSON.stringify({ sound: 1, [key]: 2 }))).toMatchObject({
      ok: false,
      fault: {
        code: "invalid-config",
        message: `Invalid config key: '${key}'. Keys that are empty, containing '/' or starting with '@' are not allowed`,
      },
    });
  });

  test("is refused when it is no JSON", () => {
    expect(parseConfigDocument("{")).toMatchObject({ ok: false, fault: { code: "invalid-config" } });
  });
});

test("the schema accepts what the parser accepts", () => {
  const key = fc.constantFrom("a", "b.c", "", "@x", "d/e", "+", "f@");
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(key, fc.jsonValue()), fc.constantFrom(true, 5, null, "x")), (value) => {
      expect(v.is(CONFIG_DOCUMENT_SCHEMA, value)).toBe(parseConfigDocument(JSON.stringify(value)).ok);
    }),
  );
});

test("no text makes the parser throw", () => {
  fc.assert(fc.property(ANY_TEXT, (text) => expect(typeof parseConfigDocument(text).ok).toBe("boolean")));
});
