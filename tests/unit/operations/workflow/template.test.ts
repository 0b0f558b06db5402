// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import { fillCommandLine, fillTemplate } from "../../../../src/operations/workflow/template.ts";
import { aCommand } from "../a-command.ts";

const command = aCommand({
  text: "a b",
  number: 2,
  big: JSON.rawJSON("2.0"),
  yes: true,
  none: null,
  o: { z: 1, a: [2] },
});

test.each([
  ["plain", "plain"],
  ["${.payload.text}", "a b"],
  ["a-${.payload.number}-${.topic.cmd_id}", "a-2-1"],
  ["${.payload.big} ${.payload.yes} ${.payload.none}", "2.0 true null"],
  ["${.payload.o}", '{"a":[2],"z":1}'],
  ["[${.payload.missing}]", "[]"],
  ["${foo} ${.foo} $HOME ${", "${foo} ${.foo} $HOME ${"],
])("%s becomes %s", (template, filled) => {
  expect(fillTemplate(template, command)).toBe(filled);
});

test("a value with blanks and quotes stays one word", () => {
  const filled = fillCommandLine(["${.payload.x}", "-${.payload.x}-"], aCommand({ x: `a 'b' "c" \${.topic}` }));
  expect([...filled]).toEqual([`a 'b' "c" \${.topic}`, `-a 'b' "c" \${.topic}-`]);
});
