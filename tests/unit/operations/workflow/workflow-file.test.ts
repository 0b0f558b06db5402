// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Action, Workflow } from "../../../../src/operations/workflow/definition.ts";
import { parseWorkflowFile } from "../../../../src/operations/workflow/workflow-file.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function parse(text: string): Workflow {
  const parsed = parseWorkflowFile("/etc/op.toml", bytes(text));
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

/** The action of `[s]`, in a workflow that also has the states `a` and `b`. */
function actionOf(state: string, defaults = ""): Action | undefined {
  const workflow = parse(`operation = "op"
${defaults}
[init]
script = "x"
on_stdout = ["s", "a", "b"]
[a]
action = "proceed"
[b]
action = "proceed"
[s]
${state}`);
  expect(workflow.mistake).toBeUndefined();
  return workflow.states.get("s");
}

const SUCCESS = { status: "successful" };
const FAILURE = { status: "failed" };
const NOTHING = { kind: "table", table: {} } as const;

describe("an action takes its handlers and defaults", () => {
  test("proceed", () => {
    expect(actionOf('action = "proceed"')).toEqual({ kind: "proceed", onSuccess: SUCCESS });
    expect(actionOf('action = "proceed"\non_success = { status = "a", reason = "r" }')).toEqual({
      kind: "proceed",
      onSuccess: { status: "a", reason: "r" },
    });
  });

  test("cleanup ignores its handlers", () => {
    expect(actionOf('action = "cleanup"\non_success = "nowhere"\nowner = "x"\nnext = ["y"]')).toEqual({
      kind: "cleanup",
    });
  });

  test("script", () => {
    expect(actionOf('script = "x 1"')).toEqual({
      kind: "script",
      command: ["x", "1"],
      exits: { codes: [], error: FAILURE },
    });
    const full = `script = "x"
on_success = "a"
on_kill = "b"
on_error = "b"
on_timeout = "nowhere"
timeout_second = 5
on_exit.1 = { status = "a", reason = "one" }
on_exit.3-5 = "b"`;
    expect(actionOf(full)).toEqual({
      kind: "script",
      command: ["x"],
      timeout: 5_000,
      exits: {
        success: { status: "a" },
        kill: { status: "b" },
        error: { status: "b" },
        codes: [
          { from: 1, to: 1, handler: { status: "a", reason: "one" } },
          { from: 3, to: 5, handler: { status: "b" } },
        ],
      },
    });
  });

  test("script with on_exit.0, on_exit._ and on_stdout", () => {
    expect(actionOf('script = "x"\non_exit.0 = "a"\non_exit._ = "b"')).toMatchObject({
      exits: { success: { status: "a" }, error: { status: "b" } },
    });
    expect(actionOf('script = "x"\non_exit.0-9 = "a"')).toMatchObject({ exits: { success: { status: "a" } } });
    expect(actionOf('script = "x"\non_stdout = ["a", "b"]')).toMatchObject({ exits: { stdout: ["a", "b"] } });
  });

  test("script inherits on_error and timeout_second", () => {
    const defaults = 'on_error = "a"\ntimeout_second = 7\non_timeout = "b"\non_success = "nowhere"';
    expect(actionOf('script = "x"', defaults)).toMatchObject({ timeout: 7_000, exits: { error: { status: "a" } } });
    expect(actionOf('script = "x"\non_exit._ = "b"\ntimeout_second = 0', defaults)).toMatchObject({
      timeout: 0,
      exits: { error: { status: "b" } },
    });
  });

  test("background_script", () => {
    expect(actionOf('background_script = "x y"')).toEqual({
      kind: "background-script",
      command: ["x", "y"],
      onExec: SUCCESS,
    });
    expect(actionOf('background_script = "x"\non_exec = "a"')).toMatchObject({ onExec: { status: "a" } });
  });

  test("sub-operation", () => {
    expect(
      actionOf(
        'operation = "${.payload.x}"\non_exec = "a"\ninput_script = "y z"\ninput = { n = 1, d = { e = [true] } }',
      ),
    ).toEqual({
      kind: "sub-operation",
      operation: "${.payload.x}",
      inputScript: ["y", "z"],
      input: { kind: "table", table: { n: 1, d: { e: [true] } } },
      onExec: { status: "a" },
    });
    expect(actionOf('operation = "other"\ninput = "${.payload.x}"')).toEqual({
      kind: "sub-operation",
      operation: "other",
      input: { kind: "text", text: "${.payload.x}" },
      onExec: SUCCESS,
    });
  });

  test("await-operation-completion", () => {
    expect(actionOf('action = "await-operation-completion"\non_success = "a"')).toEqual({
      kind: "await-operation-completion",
      builtin: false,
      output: NOTHING,
      onSuccess: { status: "a" },
      onError: FAILURE,
      onTimeout: { status: "failed", reason: "timeout" },
    });
    const defaults = 'on_error = "b"\ntimeout_second = 3\non_timeout = "a"';
    expect(actionOf('action = "await-operation-completion"\non_success = "a"\noutput.x = "y"', defaults)).toMatchObject(
      {
        output: { kind: "table", table: { x: "y" } },
        timeout: 3_000,
        onError: { status: "b" },
        onTimeout: { status: "a" },
      },
    );
  });

  test("await-agent-restart has 60 seconds more than it is given", () => {
    expect(actionOf('action = "await-agent-restart"\non_success = "a"')).toEqual({
      kind: "await-agent-restart",
      timeout: 60_000,
      onSuccess: { status: "a" },
      onTimeout: { status: "failed", reason: "timeout" },
    });
    expect(
      actionOf('action = "await-agent-restart"\non_success = "a"', 'timeout_second = 30\non_timeout = "b"'),
    ).toMatchObject({
      timeout: 90_000,
      onTimeout: { status: "b" },
    });
  });

  test("restart-agent", () => {
    expect(actionOf('action = "restart-agent"\non_exec = "a"')).toEqual({
      kind: "restart-agent",
      onExec: { status: "a" },
    });
  });

  test("iterate", () => {
    expect(actionOf('iterate = "${.payload.l}"\non_next = "a"\non_success = "b"', 'on_error = "a"')).toEqual({
      kind: "iterate",
      text: "${.payload.l}",
      target: { kind: "payload", steps: ["l"] },
      onNext: { status: "a" },
      onSuccess: { status: "b" },
      onError: { status: "a" },
    });
  });

  test.each(["download", "upload"] as const)("%s", (kind) => {
    expect(actionOf(`action = "${kind}"`)).toEqual({ kind, input: NOTHING, onSuccess: SUCCESS, onError: FAILURE });
    expect(actionOf(`action = "${kind}"\ninput.url = "u"\non_success = "a"`, 'on_error = "b"')).toEqual({
      kind,
      input: { kind: "table", table: { url: "u" } },
      onSuccess: { status: "a" },
      onError: { status: "b" },
    });
  });

  test("builtin step", () => {
    expect(actionOf('action = "builtin:config_update:set"\ninput.x = 1\non_success = "a"', 'on_error = "b"')).toEqual({
      kind: "builtin-step",
      operation: "config_update",
      step: "set",
      input: { kind: "table", table: { x: 1 } },
      onSuccess: { status: "a" },
      onError: { status: "b" },
    });
  });
});

describe("a built-in operation", () => {
  const await_ = '[w]\naction = "await-operation-completion"\non_success = "successful"';

  test("is awaited in the state it is started for", () => {
    const workflow = parse(`operation = "restart"\n[init]\noperation = "builtin:restart"\non_exec = "w"\n${await_}`);
    expect(workflow.mistake).toBeUndefined();
    expect(workflow.states.get("init")).toEqual({
      kind: "builtin-operation",
      operation: "restart",
      onExec: { status: "w" },
    });
    expect(workflow.states.get("w")).toMatchObject({ kind: "await-operation-completion", builtin: true });
  });

  test("that nobody awaits makes the definition ill-formed", () => {
    const workflow = parse('operation = "restart"\n[init]\noperation = "builtin:restart"');
    expect(workflow.mistake).toEndWith("The `builtin:restart` started in init is not awaited in successful");
  });

  test("in the deprecated form waits in executing, whether that state is written or not", () => {
    const short = parse('operation = "restart"\n[init]\naction = "builtin"\non_error = "failed"');
    expect(short.states.get("init")).toMatchObject({ kind: "builtin-operation", onExec: { status: "executing" } });
    expect(short.states.get("executing")).toMatchObject({ builtin: true, onSuccess: SUCCESS, onError: FAILURE });
    const long = parse(`operation = "restart"
[init]
action = "proceed"
on_success = "scheduled"
[scheduled]
action = "builtin"
[executing]
action = "builtin"
on_success = "more"
[more]
action = "proceed"`);
    expect(long.mistake).toBeUndefined();
    expect(long.states.get("executing")).toMatchObject({ builtin: true, onSuccess: { status: "more" } });
  });
});

describe("an ill-formed definition tells what is wrong", () => {
  const init = (state: string) => `operation = "op"\n[init]\n${state}`;
  const rows: readonly (readonly [what: string, text: string, message: string | RegExp])[] = [
    ["no action", init('on_success = "successful"'), /^TOML parse error at line 2, column \d+: init: missing action/],
    [
      "two actions",
      init('script = "x"\naction = "proceed"'),
      /^TOML parse error at line 2, column \d+: init: a state has one action, not `script` and `action`$/,
    ],
    [
      "a handler of a wrong type",
      init('script = "x"\non_error = 5'),
      /^TOML parse error at line 4, column \d+: init.on_error: expected a state or/,
    ],
    [
      "a timeout of a wrong type",
      init('script = "x"\ntimeout_second = -1'),
      /^TOML parse error at line 4, column \d+: init.timeout_second: expected a number of seconds, 0 or more$/,
    ],
    [
      "on_stdout of a wrong type",
      init('script = "x"\non_stdout = "a"'),
      /^TOML parse error at line 4, column \d+: init.on_stdout: expected a list of states$/,
    ],
    [
      "a script of a wrong type",
      init("script = 5"),
      /^TOML parse error at line 3, column \d+: init.script: expected string$/,
    ],
    [
      "a default of a wrong type",
      `operation = "op"\non_error = 5`,
      /^TOML parse error at line 2, column \d+: on_error: expected a state or/,
    ],
    [
      "a scalar at the top level",
      'operation = "op"\nowner = "me"\n[init]\naction = "proceed"',
      /^TOML parse error at line 2, column \d+: owner: expected a table/,
    ],
    ["no init", 'operation = "op"\n[x]\naction = "proceed"', "Missing mandatory state: init"],
    [
      "a successful that is not cleanup",
      `${init('action = "proceed"')}\n[successful]\naction = "proceed"\non_success = "failed"`,
      "Invalid action on successful state: move to failed state",
    ],
    [
      "a failed that is not cleanup",
      `${init('action = "proceed"')}\n[failed]\nscript = "a 'b c'"`,
      "Invalid action on failed state: a 'b c'",
    ],
    ["an unknown action", init('action = "restart"'), "Unknown action: restart"],
    ["an old waiting action", init('action = "waiting for x"'), "Unknown action: waiting for x"],
    ["a builtin without a step", init('action = "builtin:x"'), "Unknown action: builtin:x"],
    [
      "a builtin of another operation",
      init('operation = "builtin:x"'),
      "The `builtin:x` cannot be invoked from `op`, but only from `x`",
    ],
    [
      "iterate without on_next",
      init('iterate = "${.payload.l}"\non_success = "successful"'),
      "Missing mandatory state: on_next",
    ],
    [
      "iterate without on_success",
      init('iterate = "${.payload.l}"\non_next = "successful"'),
      "Missing mandatory state: on_success",
    ],
    [
      "iterate over no path",
      init('iterate = ".payload.l"'),
      "The provided target .payload.l is not a valid path expression",
    ],
    [
      "await-agent-restart without on_success",
      init('action = "await-agent-restart"'),
      "No handler is provided for 'on_success'",
    ],
    [
      "await-operation-completion without on_success",
      init('action = "await-operation-completion"'),
      "No handler is provided for 'on_success'",
    ],
    [
      "on_success and on_exit.0",
      init('script = "x"\non_success = "failed"\non_exit.0 = "failed"'),
      "Successful handler provided for 'on_success' and 'on_exit.0'",
    ],
    [
      "on_success and a range from 0",
      init('script = "x"\non_success = "failed"\non_exit.0-3 = "failed"'),
      "Successful handler provided for 'on_success' and 'on_exit.0'",
    ],
    [
      "on_error and on_exit._",
      init('script = "x"\non_error = "failed"\non_exit._ = "failed"'),
      "Error handler provided for 'on_error' and 'on_exit._'",
    ],
    [
      "on_stdout and on_success",
      init('script = "x"\non_stdout = ["failed"]\non_success = "failed"'),
      "Successful handler provided for 'on_success' and 'on_stdout'",
    ],
    [
      "on_stdout and on_exit.0",
      init('script = "x"\non_stdout = ["failed"]\non_exit.0 = "failed"'),
      "Successful handler provided for 'on_success' and 'on_stdout'",
    ],
    [
      "ranges that share a code",
      init('script = "x"\non_exit.1-5 = "failed"\non_exit.5 = "failed"'),
      "Overlapping handlers provided for '1-5' and 'second' exit code ranges",
    ],
    ["a range from high to low", init('script = "x"\non_exit.5-1 = "failed"'), "Invalid exit code range '5-1' as 5>1"],
    [
      "an exit code beyond 255",
      init('script = "x"\non_exit.256 = "failed"'),
      "invalid exit: 256: number too large to fit in target type",
    ],
    [
      "an exit code that is no number",
      init('script = "x"\non_exit.a = "failed"'),
      "invalid exit: a: invalid digit found in string",
    ],
    [
      "an open range",
      init('script = "x"\non_exit.5- = "failed"'),
      "invalid exit: 5-: cannot parse integer from empty string",
    ],
    [
      "an input that is a boolean",
      init('operation = "x"\ninput = true'),
      "Only records can be used for command input/output, not a bool as true",
    ],
    [
      "an input that is a number",
      init('action = "download"\ninput = 5'),
      "Only records can be used for command input/output, not a number as 5",
    ],
    [
      "an output that is an array",
      init('action = "await-operation-completion"\non_success = "failed"\noutput = ["a"]'),
      'Only records can be used for command input/output, not a array as ["a"]',
    ],
    ["an empty command line", init('script = ""'), "invalid script: empty"],
    ["a badly quoted command line", init(`script = "x 'y"`), "invalid script: x 'y: missing closing quote"],
    [
      "a badly quoted background script",
      init(`background_script = "x 'y"`),
      "invalid script: x 'y: missing closing quote",
    ],
    [
      "a badly quoted input script",
      init(`operation = "y"\ninput_script = "x 'y"`),
      "invalid script: x 'y: missing closing quote",
    ],
    [
      "a target that does not exist",
      init('action = "proceed"\non_success = "nowhere"'),
      "Undefined target state: nowhere (on_success of init)",
    ],
    [
      "an exit target that does not exist",
      init('script = "x"\non_exit.2-3 = "nowhere"'),
      "Undefined target state: nowhere (on_exit.2-3 of init)",
    ],
    [
      "an on_stdout that is no state",
      init('script = "x"\non_stdout = ["nowhere"]'),
      "Undefined target state: nowhere (on_stdout of init)",
    ],
    [
      "an inherited target that does not exist",
      `operation = "op"\non_error = "nowhere"\n[init]\nscript = "x"`,
      "Undefined target state: nowhere (on_error of init)",
    ],
    [
      "states that go round in circles",
      `${init('action = "proceed"\non_success = "a"')}\n[a]\naction = "proceed"\non_success = "init"`,
      "No way leads from init to a final state",
    ],
  ];
  test.each(rows)("%s", (_what, text, message) => {
    const { mistake = "" } = parse(text);
    const prefix = 'Invalid operation workflow definition "/etc/op.toml": ';
    expect(mistake).toStartWith(prefix);
    if (typeof message === "string") expect(mistake.slice(prefix.length)).toBe(message);
    else expect(mistake.slice(prefix.length)).toMatch(message);
  });

  test("and leads every command by executing to failed with that reason", () => {
    const workflow = parse('operation = "op"');
    expect(workflow.operation).toBe("op");
    expect(workflow.states.get("init")).toEqual({ kind: "proceed", onSuccess: { status: "executing" } });
    expect(workflow.states.get("executing")).toEqual({
      kind: "refuse",
      reason: 'Invalid operation workflow definition "/etc/op.toml": Missing mandatory state: init',
    });
  });
});

test.each([
  ["broken TOML", bytes('operation = "op"\n[init')],
  ["not UTF-8", new Uint8Array([0x6f, 0xff])],
  ["no operation", bytes('[init]\naction = "proceed"')],
  ["an operation that is no text", bytes("operation = 5")],
  ["an operation that cannot stand in a topic", bytes('operation = "a/b"')],
])("a file with %s cannot be used at all", (_what, source) => {
  const parsed = parseWorkflowFile("/etc/op.toml", source);
  expect(parsed.ok ? "" : parsed.fault.code).toBe("unusable");
});

test("the version is the SHA-256 of the bytes of the file", () => {
  const text = 'operation = "op"\n[init]\naction = "proceed"\n';
  expect(parse(text).version).toBe(createHash("sha256").update(text).digest("hex"));
});

test("successful and failed are implied, and the top level accepts what it ignores", () => {
  const workflow = parse(
    'operation = "op"\non_exec = 1\non_next = 2\non_kill = 3\non_exit.1 = "x"\non_stdout = 4\n[init]\naction = "proceed"',
  );
  expect(workflow.mistake).toBeUndefined();
  expect([...workflow.states.keys()].sort()).toEqual(["failed", "init", "successful"]);
});
