// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import { lineAndColumn } from "../../../src/base/excerpt.ts";
import { parseRuleFile } from "../../../src/bridge/rule-file.ts";

function refusal(text: string): { message: string; line: number; column: number } | undefined {
  const parsed = parseRuleFile(text);
  if (parsed.ok) return undefined;
  return { message: parsed.fault.message, ...lineAndColumn(text, parsed.fault.span.start) };
}

describe("a rule file", () => {
  test("holds prefixes, a condition, rules and template rules", () => {
    const text = `
local_prefix = "plant/"
if = "\${mapper.on}"
[[template_rule]]
for = ["a", "b"]
topic = "\${item}"
direction = "outbound"
remote_prefix = "x/"
[[rule]]
topic = ""
direction = "bidirectional"
`;
    expect(parseRuleFile(text)).toEqual({
      ok: true,
      value: {
        local_prefix: "plant/",
        if: "${mapper.on}",
        rule: [{ topic: "", direction: "bidirectional" }],
        template_rule: [{ for: ["a", "b"], topic: "${item}", direction: "outbound", remote_prefix: "x/" }],
      },
    });
  });

  test("may be empty", () => {
    expect(parseRuleFile("")).toEqual({ ok: true, value: { rule: [], template_rule: [] } });
  });

  test.each([
    ["local_prefx = 'a/'", "unknown field 'local_prefx'", 1, 1],
    ["[[rule]]\ntopic = ''\ndirection = 'inbound'\nqos = 1", "unknown field 'qos'", 4, 1],
    ["[[rules]]\n", "unknown field 'rules'", 1, 3],
    ["[[rule]]\ntopic = ''\ndirection = 'in'", `unknown direction "in", expected`, 3, 13],
    ["\n[[rule]]\ntopic = ''", "missing field 'direction'", 2, 3],
    ["[[rule]]\ndirection = 'inbound'", "missing field 'topic'", 1, 3],
    ["[[template_rule]]\ntopic='a'\ndirection = 'inbound'", "missing field 'for'", 1, 3],
    ["[[template_rule]]\nfor=[1]\ntopic='a'\ndirection = 'inbound'", "invalid '", 2, 5],
    ["[[rule]]\ntopic = 5\ndirection = 'inbound'", "invalid 'topic': expected string, found 5", 2, 9],
    ["rule = [{topic = 'a', direction = 'inbound', x = 1}]", "unknown field 'x'", 1, 46],
    ["local_prefix = \n", "TOML parse error at line 1, column", 1, 16],
    ["a = 1\nlocal_prefix = 'x\n", "TOML parse error at line 2, column", 2, 18],
  ])("%p is refused: %s", (text, message, line, column) => {
    expect(refusal(text)).toEqual({ message: expect.stringContaining(message), line, column });
  });
});
