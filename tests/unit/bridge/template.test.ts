// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { expandText, parseTemplate } from "../../../src/bridge/template.ts";
import { referencesTo } from "./references.ts";

const references = referencesTo({
  tedge: { "device.id": "gw7", "c8y.url": undefined },
  mapper: { "device.id": "gw7", "port.number": 8883, "some.ratio": 0.5, on: true, list: ["a"], table: { inner: "x" } },
});

function expanded(text: string, item?: string): string {
  const result = expandText(text, references, item);
  return result.ok ? result.value : `!${result.fault.message}`;
}

describe("a template", () => {
  test.each([
    ["", ""],
    ["plain/text", "plain/text"],
    ["sites/${tedge.device.id}/", "sites/gw7/"],
    ["${mapper.device.id}${mapper.port.number}", "gw78883"],
    ["${mapper.some.ratio}/${mapper.on}", "0.5/true"],
    ["$aws/things/$/$$", "$aws/things/$/$$"],
    ["a$${mapper.device.id}", "a$gw7"],
    ["a}b{c", "a}b{c"],
  ])("%p becomes %p", (text, value) => {
    expect(expanded(text)).toBe(value);
  });

  test("has the element of the loop where it is given", () => {
    expect(expanded("${item}/state/${item}", "press")).toBe("press/state/press");
  });

  test.each([
    ["${tedge.device.id", "found end of input expected closing '}'", 0, 17],
    ["a/${", "found end of input expected closing '}'", 2, 4],
    ["${mapper.device-id}", "Invalid character in variable: '-'", 15, 16],
    ["${ mapper.device.id}", "Invalid character in variable: ' '", 2, 3],
    ["${mapper.${item}}", "Invalid character in variable: '$'", 9, 10],
    ["x${item}", "Variable 'item' is only valid inside template rules", 1, 8],
    ["${tedge.nonsense}", "Unknown key: 'nonsense'", 0, 17],
    ["${tedge.c8y.url}", "A value for 'c8y.url' is not set", 0, 16],
    ["${mapper.devise.id}", "Unknown mapper config key 'devise.id'", 0, 19],
    ["${mapper.list}", "Mapper config key 'list' is not a scalar value", 0, 14],
    ["${mapper.table}", "Mapper config key 'table' is not a scalar value", 0, 15],
    ["${mapper..id}", "found an empty identifier expected a name", 0, 13],
    ["${}", "found an empty identifier expected a name", 0, 3],
  ])("%p is refused: %p", (text, message, start, end) => {
    const result = expandText(text, references);
    expect(result).toMatchObject({ ok: false, fault: { message, span: { start, end } } });
  });

  test.each(["${c8y.url}", "${config.c8y.url}", "${tedge}", "${mapper}", "${item.name}", "${connection.auth_method}"])(
    "%p names no name space, and the error lists those there are",
    (text) => {
      const message = expanded(text);
      expect(message).toContain(`found '${text.slice(2, -1)}' expected`);
      expect(message).toContain("tedge config reference (e.g. 'tedge.c8y.url')");
      expect(message).toContain("mapper config reference");
      expect(message).toContain("'item'");
    },
  );

  test("says what to do about an unset key", () => {
    const result = expandText("${tedge.c8y.url}", references);
    expect(result).toMatchObject({
      fault: { note: "A value can be set with `tedge config set c8y.url <value>`" },
    });
  });

  test("keeps every text without '${' byte for byte", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).filter((text) => !text.includes("${")),
        (text) => expanded(text) === text,
      ),
    );
  });

  test("is the concatenation of its parts", () => {
    const literal = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("$"));
    const part = fc.oneof(literal, fc.constantFrom("${item}", "${mapper.device.id}"));
    fc.assert(
      fc.property(fc.array(part), fc.string(), (parts, item) => {
        const value = parts.map((one) => (one === "${item}" ? item : one === "${mapper.device.id}" ? "gw7" : one));
        return expanded(parts.join(""), item) === value.join("");
      }),
    );
  });

  test("parses without a crash, and a mistake lies inside the text", () => {
    const text = fc.string({ unit: fc.constantFrom("$", "{", "}", "a", ".", "-", " ", "é", "😀", "item", "mapper.") });
    fc.assert(
      fc.property(text, (input) => {
        const result = parseTemplate(input);
        if (result.ok) return true;
        const { start = -1, end = -1 } = result.fault.span ?? {};
        return start >= 0 && start < end && end <= input.length;
      }),
    );
  });
});
