import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isJsonObject, parseJson, sameJson, stringifyJson, stringifySorted } from "../../../src/base/json.ts";

describe("lossless JSON", () => {
  test.each(["9007199254740993", "18446744073709551615", "2.0", "1e3", "-0", "0.10", "1.000000000000000001"])(
    "keeps the spelling of %s",
    (literal) => {
      const parsed = parseJson(`{"v":${literal}}`);
      expect(parsed.ok && stringifyJson(parsed.value)).toBe(`{"v":${literal}}`);
    },
  );

  test("gives plain numbers where a double spells them the same way", () => {
    expect(parseJson("[1,2.5,-3]")).toEqual({ ok: true, value: [1, 2.5, -3] });
  });

  test("refuses what is not JSON with a fault", () => {
    for (const text of ["", "{", "{'a':1}", "01", "[1,]", "nul"]) {
      const parsed = parseJson(text);
      expect(parsed.ok ? "accepted" : parsed.fault.code).toBe("invalid-json");
    }
  });

  test("says of what is nested too deeply that it is", () => {
    expect(parseJson("[".repeat(100_000))).toMatchObject({
      ok: false,
      fault: { code: "invalid-json", message: expect.stringContaining("recursion limit exceeded") },
    });
  });

  test("sorts the keys of every object, numbers kept as written", () => {
    const parsed = parseJson('{"b":{"d":2.0,"c":1},"a":[{"z":1,"y":2}]}');
    expect(parsed.ok && stringifySorted(parsed.value)).toBe('{"a":[{"y":2,"z":1}],"b":{"c":1,"d":2.0}}');
  });

  test("compares without regard to the order of keys", () => {
    expect(sameJson({ a: 1, b: [1] }, { b: [1], a: 1 })).toBe(true);
    expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
  });

  test("does not take a number kept as text for an object", () => {
    const parsed = parseJson("2.0");
    expect(parsed.ok && isJsonObject(parsed.value)).toBe(false);
  });

  test("gives back any JSON document unchanged", () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), (text) => {
        const parsed = parseJson(text);
        expect(parsed.ok && stringifyJson(parsed.value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
