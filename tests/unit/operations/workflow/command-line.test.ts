// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatCommandLine, parseCommandLine } from "../../../../src/operations/workflow/command-line.ts";

const split: readonly (readonly [string, readonly string[]])[] = [
  ["/bin/x", ["/bin/x"]],
  ["  x  a\tb\n c ", ["x", "a", "b", "c"]],
  ["x 'a b' \"c d\"", ["x", "a b", "c d"]],
  ["x a'b c'd\"e f\"g", ["x", "ab cde fg"]],
  ["x '' \"\"", ["x", "", ""]],
  ["x a\\ b \\' \\\"", ["x", "a b", "'", '"']],
  ["x '\\n' \"\\n\"", ["x", "\\n", "\\n"]],
  ['x "\\$a \\` \\" \\\\"', ["x", '$a ` " \\']],
  ["x a\\\nb", ["x", "ab"]],
  ['x "a\\\nb"', ["x", "ab"]],
  ["x $HOME *.toml ~ | y > z; w & #not", ["x", "$HOME", "*.toml", "~", "|", "y", ">", "z;", "w", "&", "#not"]],
  ["x ${.payload.a} 'it'\\''s'", ["x", "${.payload.a}", "it's"]],
];
test.each(split)("%j is split as a POSIX shell does", (text, words) => {
  const parsed = parseCommandLine(text);
  expect(parsed.ok && [...parsed.value]).toEqual([...words]);
});

test.each(["", "   ", "''", '"" a'])("%j has no program", (text) => {
  const parsed = parseCommandLine(text);
  expect(parsed.ok ? "" : parsed.fault.message).toBe("invalid script: empty");
});

test.each(["x 'a", 'x "a', "x a\\", 'x "a\\"', "'"])("%j is badly quoted", (text) => {
  const parsed = parseCommandLine(text);
  expect(parsed.ok ? "" : parsed.fault.message).toBe(`invalid script: ${text}: missing closing quote`);
});

test("words that were put into one line are split into the same words", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: "binary" }),
      fc.array(fc.string({ unit: "binary" })),
      (program, args) => {
        const words = [program, ...args];
        const parsed = parseCommandLine(formatCommandLine(words));
        expect(parsed.ok && [...parsed.value]).toEqual(words);
      },
    ),
  );
});
