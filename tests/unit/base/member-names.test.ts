import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { memberNames } from "../../../src/base/member-names.ts";

describe("memberNames", () => {
  test("names that come twice are given twice", () => {
    expect(memberNames('{"@id":1,"b":2,"@id":3}')).toEqual(["@id", "b", "@id"]);
  });

  test("an escaped name is the same name", () => {
    expect(memberNames('{"@id":1,"\\u0040id":2}')).toEqual(["@id", "@id"]);
  });

  test("members of inner objects, and brackets inside strings, don't count", () => {
    expect(memberNames('{"a":[{"x":1},{"x":"}{,"}],"b":{"a":"\\"]"},"c":","}')).toEqual(["a", "b", "c"]);
  });

  test("the names of any object are those that JSON.parse finds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, pretty) => {
        const text = JSON.stringify(object, null, pretty ? 2 : 0);
        expect(memberNames(text)).toEqual(Object.keys(JSON.parse(text)));
      }),
    );
  });
});
