// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import { expandRules } from "../../../src/bridge/expand-rules.ts";
import type { References } from "../../../src/bridge/references.ts";
import { localFilter, remoteFilter } from "../../../src/bridge/rule.ts";
import { parseRuleFile } from "../../../src/bridge/rule-file.ts";
import { referencesTo } from "./references.ts";

const references = referencesTo({ mapper: { "device.id": "gw7", on: true, off: false, topics: ["a", "b"], none: [] } });

function expand(text: string, where: References = references) {
  const file = parseRuleFile(text);
  if (!file.ok) throw new Error(file.fault.message);
  const { rules, mistakes } = expandRules(file.value, where);
  return {
    rules: rules.map((rule) => `${localFilter(rule)} ${rule.direction} ${remoteFilter(rule)}`),
    mistakes: mistakes.map(({ message }) => message),
    notes: mistakes.map(({ note }) => note),
    paths: mistakes.map(({ path }) => path.join(".")),
  };
}

describe("expanding a rule file", () => {
  test("puts all rules before all template rules, whatever their order in the text", () => {
    const { rules } = expand(`
local_prefix = "plant/"
remote_prefix = "sites/\${mapper.device.id}/"
if = "\${mapper.on}"
[[template_rule]]
for = ["press", "oven"]
topic = "\${item}/state"
direction = "outbound"
[[rule]]
topic = "orders/#"
direction = "inbound"
`);
    expect(rules).toEqual([
      "plant/orders/# inbound sites/gw7/orders/#",
      "plant/press/state outbound sites/gw7/press/state",
      "plant/oven/state outbound sites/gw7/oven/state",
    ]);
  });

  test("lets prefixes of a rule win over those of the file, also when they are empty", () => {
    const { rules } = expand(`
local_prefix = "l/"
remote_prefix = "r/"
[[rule]]
topic = "x"
direction = "outbound"
remote_prefix = ""
`);
    expect(rules).toEqual(["l/x outbound x"]);
  });

  test("leaves out rules whose condition does not hold, and all rules of a file whose condition does not hold", () => {
    const rule = (condition: string) => `[[rule]]
local_prefix = ""
remote_prefix = ""
topic = "x"
direction = "inbound"
if = "${condition}"
`;
    expect(expand(rule("${mapper.on}")).rules).toHaveLength(1);
    expect(expand(rule("${mapper.off}")).rules).toEqual([]);
    expect(expand(`if = "!\${mapper.on}"\n${rule("${mapper.on}")}`).rules).toEqual([]);
  });

  test("tells the mistakes of rules and files that are switched off, but not what only §2.6 objects to", () => {
    const text = (topic: string) => `
if = "\${mapper.off}"
[[rule]]
local_prefix = "\${mapper.nope}"
remote_prefix = ""
topic = "${topic}"
direction = "inbound"
if = "\${mapper.off}"
`;
    expect(expand(text("a/#/b")).mistakes).toEqual(["Failed to expand local_prefix: Unknown mapper config key 'nope'"]);
  });

  test("tells every mistake with its place, once", () => {
    const { mistakes, paths } = expand(`
local_prefix = "\${mapper.nope}"
remote_prefix = "\${oops"
if = "\${mapper.topics}"
[[rule]]
topic = "\${item}"
direction = "inbound"
if = "what"
[[template_rule]]
for = "\${mapper.topics}"
topic = "\${item}/\${mapper.missing}"
direction = "outbound"
remote_prefix = "r/"
[[template_rule]]
for = "\${mapper.device.id}"
topic = "\${broken"
direction = "outbound"
`);
    expect(mistakes).toEqual([
      "Failed to expand global condition: Mapper config key 'topics' is not a boolean",
      "Failed to expand local_prefix: Unknown mapper config key 'nope'",
      "Failed to expand remote_prefix: found end of input expected closing '}'",
      "Failed to expand topic: Variable 'item' is only valid inside template rules",
      "Failed to expand rule-specific condition: found 'what' expected '${' or '!'",
      "Failed to expand topic template: Unknown mapper config key 'missing'",
      "Failed to expand 'for' reference: Mapper config key 'device.id' is not an array",
    ]);
    expect(paths).toEqual([
      "if",
      "local_prefix",
      "remote_prefix",
      "rule.0.topic",
      "rule.0.if",
      "template_rule.0.topic",
      "template_rule.1.for",
    ]);
  });

  test("misses prefixes that neither rule nor file has", () => {
    const { mistakes, notes } = expand(`
local_prefix = ""
[[rule]]
topic = "x"
direction = "inbound"
[[template_rule]]
for = []
topic = "x"
direction = "inbound"
`);
    expect(mistakes).toEqual(["Missing 'remote_prefix' for rule", "Missing 'remote_prefix' for template_rule"]);
    expect(notes[0]).toBe("Add 'remote_prefix' to this rule, or define it globally at the top of the file");
  });

  test("checks the topic of a template rule that runs over nothing", () => {
    const rule = (topic: string) => `
local_prefix = "l/"
remote_prefix = "r/"
[[template_rule]]
for = "\${mapper.none}"
topic = "${topic}"
direction = "inbound"
`;
    expect(expand(rule("${item}"))).toMatchObject({ rules: [], mistakes: [] });
    expect(expand(rule("${itm}")).mistakes[0]).toStartWith("Failed to expand topic template: found 'itm' expected");
  });

  test("checks what comes out", () => {
    const { mistakes, paths } = expand(`
local_prefix = "l"
remote_prefix = "r/"
[[template_rule]]
for = ["x"]
topic = "\${item}"
direction = "outbound"
`);
    expect(mistakes).toEqual([`"l" is not a valid MQTT bridge topic prefix as it is missing a trailing slash`]);
    expect(paths).toEqual(["template_rule.0.topic"]);
  });
});
