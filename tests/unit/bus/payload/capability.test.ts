import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { CAPABILITY_SCHEMA, parseCapability, TYPED_CAPABILITY_SCHEMA } from "../../../../src/bus/payload/capability.ts";
import { ANY_RECORD, ANY_TEXT } from "./any-payload.ts";

const NEED_TYPES = ["log_upload", "config_snapshot", "config_update"];
const MAY_HAVE_TYPES = ["software_list", "software_update"];
const WITHOUT_TYPES = ["restart", "device_profile", "firmware_update", "my_own"];

describe("a capability", () => {
  test.each([...NEED_TYPES, ...MAY_HAVE_TYPES, ...WITHOUT_TYPES])(
    "of %s is withdrawn by an empty text",
    (operation) => {
      expect(parseCapability(operation, "")).toEqual({ ok: true, value: undefined });
    },
  );

  test.each([...NEED_TYPES, ...MAY_HAVE_TYPES])("of %s has types", (operation) => {
    expect(parseCapability(operation, '{"description":"x","types":["b","a"]}')).toEqual({
      ok: true,
      value: { types: ["b", "a"] },
    });
    expect(parseCapability(operation, '{"types":[]}')).toEqual({ ok: true, value: { types: [] } });
  });

  test.each(MAY_HAVE_TYPES)("of %s may be without types", (operation) => {
    expect(parseCapability(operation, "{}")).toEqual({ ok: true, value: {} });
  });

  test.each(WITHOUT_TYPES)("of %s may say anything", (operation) => {
    for (const text of ["{}", '{"types":5}', "no json"])
      expect(parseCapability(operation, text)).toEqual({ ok: true, value: {} });
  });
});

describe("a capability of an operation with types is refused", () => {
  test.each([
    ["{}", "missing field `types` at line 1 column 2"],
    ['{"types":5}', "invalid type: integer `5`, expected a sequence at line 1 column 10"],
    ['{"types":null}', "invalid type: null, expected a sequence at line 1 column 13"],
    ['{"types":{}}', "invalid type: map, expected a sequence at line 1 column 9"],
    ['{"types":["a",5]}', "invalid type: integer `5`, expected a string at line 1 column 15"],
    ['{"types":[["a"]]}', "invalid type: sequence, expected a string at line 1 column 10"],
    ["[]", "invalid type: sequence, expected a map at line 1 column 0"],
    ["{", "EOF while parsing an object at line 1 column 1"],
    ['{"types":[]} x', "trailing characters at line 1 column 14"],
  ])("%s: %s", (text, message) => {
    expect(parseCapability("log_upload", text)).toMatchObject({
      ok: false,
      fault: { code: "invalid-capability", message },
    });
  });
});

test("the schemas accept what the parser accepts", () => {
  fc.assert(
    fc.property(fc.oneof(ANY_RECORD, fc.constantFrom("true", "5", "null")), (text) => {
      const value: unknown = JSON.parse(text);
      expect(v.is(TYPED_CAPABILITY_SCHEMA, value)).toBe(parseCapability("log_upload", text).ok);
      expect(v.is(CAPABILITY_SCHEMA, value)).toBe(parseCapability("software_list", text).ok);
    }),
    { numRuns: 1_000 },
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(...NEED_TYPES, ...MAY_HAVE_TYPES, ...WITHOUT_TYPES), ANY_TEXT, (operation, text) => {
      const parsed = parseCapability(operation, text);
      if (!parsed.ok) expect(parsed.fault.message).toMatch(/ at line \d+ column \d+$/);
    }),
  );
});
