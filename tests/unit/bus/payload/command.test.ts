import { expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import {
  COMMAND_SCHEMA,
  formatCommandPayload,
  isFinal,
  parseCommandPayload,
} from "../../../../src/bus/payload/command.ts";
import { ANY_TEXT } from "./any-payload.ts";

test("a command state is a JSON object with a text status", () => {
  const parsed = parseCommandPayload('{"status":"init","x":{"y":[1]}}');
  expect(parsed.ok && parsed.value).toEqual({ status: "init", x: { y: [1] } });
});

test.each(["", "no json", "[]", "null", '"init"', "1.0", "{}", '{"status":1}', '{"status":null}'])(
  "%p is no command state",
  (text) => {
    const parsed = parseCommandPayload(text);
    expect(parsed.ok ? "" : parsed.fault.code).toBe("invalid-command");
  },
);

test("numbers keep their spelling and unusual keys stay", () => {
  const text = '{"__proto__":1,"a":9007199254740993,"b":2.0,"constructor":2,"status":"init"}';
  const parsed = parseCommandPayload(text);
  expect(parsed.ok && formatCommandPayload(parsed.value)).toBe(text);
});

test("keys are published in lexical order at every depth", () => {
  const parsed = parseCommandPayload('{"status":"init","b":{"d":1,"c":2},"@version":"v"}');
  expect(parsed.ok && formatCommandPayload(parsed.value)).toBe('{"@version":"v","b":{"c":2,"d":1},"status":"init"}');
});

test("only successful and failed are final", () => {
  expect(["init", "executing", "successful", "failed"].map((status) => isFinal({ status }))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test("whatever JSON a state holds comes back equal", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (members, status) => {
      const sent = JSON.stringify({ ...members, status });
      const parsed = parseCommandPayload(sent);
      expect(parsed.ok && JSON.parse(formatCommandPayload(parsed.value))).toEqual(JSON.parse(sent));
    }),
  );
});

test("the schema accepts what the parser accepts", () => {
  const status = fc.oneof(fc.string(), fc.constantFrom(null, 5, true, {}));
  const state = fc.oneof(fc.record({ status }, { requiredKeys: [] }), fc.constantFrom(5, null, "x", true));
  fc.assert(
    fc.property(state, (value) => {
      expect(v.is(COMMAND_SCHEMA, value)).toBe(parseCommandPayload(JSON.stringify(value)).ok);
    }),
  );
});

test("no text makes the parser throw", () => {
  fc.assert(fc.property(ANY_TEXT, (text) => expect(typeof parseCommandPayload(text).ok).toBe("boolean")));
});
