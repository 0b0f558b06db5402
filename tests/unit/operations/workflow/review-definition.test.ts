// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { describe, expect, test } from "bun:test";
import { lineAndColumn } from "../../../../src/base/excerpt.ts";
import { reviewDefinition } from "../../../../src/operations/workflow/review-definition.ts";
import { parseWorkflowFile } from "../../../../src/operations/workflow/workflow-file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** `severity line:column message` of everything that is found. */
function review(text: string): readonly string[] {
  return reviewDefinition("/op.toml", bytes(text)).problems.map(({ severity, message, span }) => {
    const { line, column } = lineAndColumn(text, span.start);
    return `${severity} ${line}:${column} ${message}`;
  });
}

/** The findings in a state `[s]` that begins in line 5. */
function reviewOf(state: string): readonly string[] {
  return review(`operation = "op"
[init]
script = "x"
on_stdout = ["s", "a"]
[s]
${state}
[a]
action = "proceed"`);
}

test("a sound definition has no problems", () => {
  expect(reviewOf('action = "proceed"')).toEqual([]);
});

describe("each mistake is told with the text that commands fail with, at its place", () => {
  test.each([
    [
      "on_success = 'a'",
      "5:2 s: missing action, expected one of `script`, `background_script`, `operation`, `iterate`, `action`",
    ],
    ["script = 'x'\noperation = 'y'", "5:2 s: a state has one action, not `script` and `operation`"],
    ["action = 'procede'", "6:10 Unknown action: procede"],
    ["action = 'builtin:x'", "6:10 Unknown action: builtin:x"],
    ["operation = 'builtin:y'", "6:13 The `builtin:y` cannot be invoked from `op`, but only from `y`"],
    ["iterate = '${.payload.x}'\non_success = 'a'", "5:2 Missing mandatory state: on_next"],
    ["iterate = '${.payload.x}'\non_next = 'a'", "5:2 Missing mandatory state: on_success"],
    ["iterate = 'x'\non_next = 'a'\non_success = 'a'", "6:11 The provided target x is not a valid path expression"],
    ["action = 'await-agent-restart'", "5:2 No handler is provided for 'on_success'"],
    ["action = 'await-operation-completion'", "5:2 No handler is provided for 'on_success'"],
    [
      "script = 'x'\non_success = 'a'\non_exit.0 = 'a'",
      "7:14 Successful handler provided for 'on_success' and 'on_exit.0'",
    ],
    ["script = 'x'\non_error = 'a'\non_exit._ = 'a'", "7:12 Error handler provided for 'on_error' and 'on_exit._'"],
    [
      "script = 'x'\non_success = 'a'\non_stdout = ['a']",
      "8:13 Successful handler provided for 'on_success' and 'on_stdout'",
    ],
    [
      "script = 'x'\non_exit.1-3 = 'a'\non_exit.2 = 'a'",
      "5:2 Overlapping handlers provided for '1-3' and 'second' exit code ranges",
    ],
    ["script = 'x'\non_exit.3-1 = 'a'", "7:15 Invalid exit code range '3-1' as 3>1"],
    ["script = 'x'\non_exit.256 = 'a'", "7:15 invalid exit: 256: number too large to fit in target type"],
    ["operation = 'y'\ninput = 5", "7:9 Only records can be used for command input/output, not a number as 5"],
    [
      "action = 'await-operation-completion'\non_success = 'a'\noutput = true",
      "8:10 Only records can be used for command input/output, not a bool as true",
    ],
    ["script = ''", "6:10 invalid script: empty"],
    ['background_script = "x \'y"', "6:21 invalid script: x 'y: missing closing quote"],
    ["operation = 'y'\ninput_script = ''", "7:16 invalid script: empty"],
    ["script = 'x'\non_success = 'nowhere'", "7:14 Undefined target state: nowhere (on_success of s)"],
    [
      "script = 'x'\non_exit.1-2 = 'nowhere'\non_success = 'a'",
      "7:15 Undefined target state: nowhere (on_exit.1-2 of s)",
    ],
    ["script = 'x'\non_stdout = ['nowhere']", "7:13 Undefined target state: nowhere (on_stdout of s)"],
    ["action = 'proceed'\non_success = 's'", "5:2 No way leads from s to a final state"],
    ["script = 5", "6:10 TOML parse error at line 6, column 10: s.script: expected string"],
  ])("%p", (state, expected) => {
    expect(reviewOf(state)).toEqual([`error ${expected}`]);
  });

  test("states of the end that do something, and no state to begin with", () => {
    expect(review('operation = "op"\n[successful]\nscript = "x"\n')).toEqual([
      "error 1:1 Missing mandatory state: init",
      "error 2:2 Invalid action on successful state: x",
    ]);
  });

  test.each([
    ["operation =", /^error 1:\d+ TOML parse error at line 1/],
    ["[init]\naction = 'proceed'", /^error 1:1 no `operation` is named$/],
    ["operation = 'a/b'", /^error 1:13 "a\/b" cannot name an operation$/],
    [
      "operation = 'op'\ntype = 'thing'\n[init]\naction = 'proceed'",
      /^error 2:8 TOML parse error at line 2, column 8: type: /,
    ],
    ["operation = 'op'\nowner = 'me'\n[init]\naction = 'proceed'", /^error 2:9 owner: expected a table/],
  ])("a file that is not usable: %p", (text, expected) => {
    expect(review(text)).toEqual([expect.stringMatching(expected)]);
  });

  test("a file that is not UTF-8", () => {
    const { problems } = reviewDefinition("/op.toml", new Uint8Array([0xff]));
    expect(problems.map(({ message }) => message)).toEqual(["The file is not UTF-8"]);
  });
});

test("all mistakes are told at once, several of one state too", () => {
  const found = review(`operation = "op"
timeout_second = "soon"
[init]
script = "x"
on_success = 1
on_exit.1 = { status = 2 }
[a]
action = "none"
[b]
action = "proceed"
on_success = "nowhere"`);
  expect(found.map((line) => line.split(" ")[1])).toEqual(["2:18", "5:14", "6:13", "8:10", "11:14"]);
});

describe("a warning is told about", () => {
  test("a state that nothing leads to", () => {
    const text = "operation = 'op'\n[init]\naction = 'proceed'\n[x]\naction = 'proceed'";
    expect(review(text)).toEqual(["warning 4:2 Nothing leads to the state x"]);
  });

  test("no state when a script may name any of them", () => {
    expect(review("operation = 'op'\n[init]\nscript = 'x'\n[x]\naction = 'proceed'")).toEqual([]);
  });

  test("an unknown key, with the word that may be meant", () => {
    const text = "operation = 'op'\n[init]\naction = 'proceed'\non_sucess = 'failed'";
    const { problems } = reviewDefinition("/op.toml", bytes(text));
    expect(problems).toMatchObject([
      { severity: "warning", message: "Unknown key: on_sucess", note: "did you mean `on_success`?" },
    ]);
  });

  test("a key that the action does not use, but not one of old versions", () => {
    expect(reviewOf("script = 'x'\non_success = 'a'\non_timeout = 'a'\nowner = 'x'\nnext = ['a']")).toEqual([
      "warning 8:1 on_timeout has no effect in a state with script",
    ]);
  });
});

test("what the old builtin action implies is a state like any other", () => {
  expect(review("operation = 'op'\n[init]\naction = 'builtin'\non_success = 'failed'")).toEqual([]);
});

test("a definition is refused by the agent exactly if a mistake is found in it", () => {
  const init = "operation='op'\n[init]\n";
  const good = [`${init}action='proceed'`, `${init}script='x'\non_success='failed'`, `${init}action='builtin'`];
  const bad = [`${init}action='await-agent-restart'`, `${init}operation='x'\non_exec='init'`, `${init}script=''`];
  for (const text of [...good, ...bad]) {
    const parsed = parseWorkflowFile("/op.toml", bytes(text));
    const taken = parsed.ok && parsed.value.mistake === undefined;
    expect([text, taken]).toEqual([text, good.includes(text)]);
    expect(review(text).some((line) => line.startsWith("error"))).toBe(!taken);
  }
});
