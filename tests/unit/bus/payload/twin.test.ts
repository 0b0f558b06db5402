import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isTwinKey, parseTwinValue, twinKeyFault } from "../../../../src/bus/payload/twin.ts";
import { ANY_TEXT } from "./any-payload.ts";

describe("isTwinKey", () => {
  test.each(["name", "a.b", "a@b", " ", "ü", "__proto__"])("%j is a key", (key) => {
    expect(isTwinKey(key)).toBe(true);
  });

  test.each(["", "@id", "@", "a/b", "/", "a+", "#", "a\0", "\ud800"])("%j is none", (key) => {
    expect(isTwinKey(key)).toBe(false);
  });

  test("the fault has the text that clients know", () => {
    expect(twinKeyFault("a/b").message).toBe(
      "Invalid twin key: 'a/b'. Keys that are empty, containing '/' or starting with '@' are not allowed",
    );
  });
});

describe("parseTwinValue", () => {
  test.each([
    ['"text"', "text"],
    ["{}", {}],
    ["0", 0],
    ["null", null],
    ["", null],
  ])("%j is %j", (text, value) => {
    expect(parseTwinValue(text)).toEqual({ ok: true, value });
  });

  test("what is no JSON is a fault", () => {
    expect(parseTwinValue("text")).toMatchObject({ ok: false, fault: { code: "invalid-json" } });
  });
});

test("a twin value keeps the spelling of its numbers", () => {
  const parsed = parseTwinValue('{"a":9007199254740993,"b":[2.0]}');
  expect(parsed.ok && JSON.stringify(parsed.value)).toBe('{"a":9007199254740993,"b":[2.0]}');
});

test("no text makes the reader of twin values throw", () => {
  fc.assert(fc.property(ANY_TEXT, (text) => expect(typeof parseTwinValue(text).ok).toBe("boolean")));
});
