// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../../src/base/clock.ts";
import { exec } from "../../../../src/base/exec.ts";
import type { JsonObject } from "../../../../src/base/json.ts";
import { MAIN_DEVICE } from "../../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import type { Outcomes } from "../../../../src/operations/dry-run/outcomes.ts";
import { type RehearsalOptions, rehearse } from "../../../../src/operations/dry-run/rehearse.ts";
import { formatCommandLine } from "../../../../src/operations/workflow/command-line.ts";
import type { Workflow } from "../../../../src/operations/workflow/definition.ts";
import { parseWorkflowFile } from "../../../../src/operations/workflow/workflow-file.ts";

function workflow(text: string): Workflow {
  const parsed = parseWorkflowFile("/op.toml", new TextEncoder().encode(text));
  if (!parsed.ok || parsed.value.mistake !== undefined) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

interface Wanted {
  readonly request?: JsonObject;
  readonly exits?: Readonly<Record<string, readonly number[]>>;
  readonly stdout?: Readonly<Record<string, readonly string[]>>;
  readonly failures?: Readonly<Record<string, readonly string[]>>;
  readonly others?: readonly Workflow[];
  readonly options?: Partial<RehearsalOptions>;
}

const byState = <T>(lists: Readonly<Record<string, readonly T[]>> = {}) => new Map(Object.entries(lists));

/** Lines of what would happen, and how it ends. */
async function lines(text: string, wanted: Wanted = {}) {
  const told: string[] = [];
  const own = workflow(text);
  const schema = topicSchema("te");
  const { operation } = own;
  const topic = schema.topic(MAIN_DEVICE, { kind: "command", operation, id: "1" });
  const outcomes: Outcomes = {
    exits: byState(wanted.exits),
    stdout: byState(wanted.stdout),
    failures: byState(wanted.failures),
  };
  const end = await rehearse(
    {
      address: { topic, root: "te", device: MAIN_DEVICE, operation, id: "1" },
      payload: { ...wanted.request, status: "init" },
    },
    own,
    {
      schema,
      device: MAIN_DEVICE,
      workflows: new Map([own, ...(wanted.others ?? [])].map((one) => [one.operation, one])),
      outcomes,
      clock: systemClock,
      limit: 50,
      tell(event) {
        if (event.kind === "state") told.push(`${event.chain} @ ${event.payload.status}`);
        else if (event.kind === "note") told.push(event.text);
        else told.push(`$ ${formatCommandLine(event.command)} (${event.exit ?? "background"})`);
      },
      signal: new AbortController().signal,
      ...wanted.options,
    },
  );
  return { told, end };
}

const SCRIPT = `operation = "op"
[init]
script = "run \${.payload.file} \${.topic.cmd_id}"
on_success = "successful"
on_exit.3 = "retry"
[retry]
action = "proceed"
on_success = "init"`;

describe("a script", () => {
  test("is told as it would be called, and is taken to succeed", async () => {
    const { told, end } = await lines(SCRIPT, { request: { file: "a b" } });
    expect(told).toEqual(["op @ init", "$ run 'a b' 1 (exit 0)", "op @ successful"]);
    expect(end).toMatchObject({ kind: "ended", payload: { status: "successful", file: "a b" } });
  });

  test("has the exit codes that are wanted, one after the other", async () => {
    const { told } = await lines(SCRIPT, { exits: { init: [3, 0] } });
    expect(told.filter((line) => line.startsWith("op"))).toEqual([
      "op @ init",
      "op @ retry",
      "op @ init",
      "op @ successful",
    ]);
  });

  test("fails by the rules of the agent", async () => {
    const { end } = await lines(SCRIPT, { exits: { init: [9] } });
    expect(end).toMatchObject({ payload: { status: "failed", reason: "run returned exit code 9" } });
    const { end: unlaunched } = await lines(SCRIPT, { failures: { init: ["no such file"] } });
    expect(unlaunched).toMatchObject({ payload: { reason: "Failed to launch run: no such file" } });
  });

  const TOLD = `operation = "op"\n[init]\nscript = "x"\non_stdout = ["a", "b"]\n[a]\naction = "proceed"\n[b]\naction = "proceed"`;

  test("that names the next state itself names the first it may, or the one that is wanted", async () => {
    expect((await lines(TOLD)).told).toContain("op @ a");
    const { told, end } = await lines(TOLD, { stdout: { init: ['{"status":"b","x":1}'] } });
    expect(told).toContain("op @ b");
    expect(end).toMatchObject({ payload: { x: 1 } });
  });

  test("is really run when that is asked for", async () => {
    const real = `operation = "op"\n[init]\nscript = "sh -c 'exit 3'"\non_exit.3 = "successful"`;
    expect((await lines(real, { options: { exec } })).told).toContain("$ sh -c 'exit 3' (exit 3)");
  });

  test("in the background is never run, and its command goes on", async () => {
    const background = `operation = "op"\n[init]\nbackground_script = "sh -c 'exit 3'"\non_exec = "successful"`;
    const { told } = await lines(background, { options: { exec } });
    expect(told).toEqual(["op @ init", "op @ successful", "$ sh -c 'exit 3' (background)"]);
  });
});

test("a workflow that goes round in circles is stopped", async () => {
  const { told, end } = await lines(SCRIPT, { exits: { init: [3] } });
  expect(end).toEqual({ kind: "endless" });
  expect(told.filter((line) => line.startsWith("op"))).toHaveLength(51);
});

test("a rehearsal that is interrupted ends", async () => {
  const stop = new AbortController();
  const hanging = `operation = "op"\n[init]\nscript = "sleep 60"\non_success = "successful"`;
  const rehearsed = lines(hanging, { options: { exec, signal: stop.signal } });
  stop.abort();
  expect((await rehearsed).end).toEqual({ kind: "interrupted" });
});

const PARENT = `operation = "op"
[init]
operation = "\${.payload.what}"
input.url = "\${.payload.url}"
on_exec = "wait"
[wait]
action = "await-operation-completion"
output.got = "\${.payload.answer}"
on_success = "successful"
on_error = "failed"`;

describe("a sub-operation", () => {
  const request = { what: "other", url: "http://x" };

  test("follows its own definition, with the input and output that are told", async () => {
    const other = workflow('operation = "other"\n[init]\nscript = "get ${.payload.url}"\non_success = "successful"');
    const { told, end } = await lines(PARENT, {
      request,
      others: [other],
      stdout: { "other/init": ['{"answer":42}'] },
    });
    expect(told).toEqual([
      "op @ init",
      "op @ wait",
      "op > other @ init",
      "$ get http://x (exit 0)",
      "op > other @ successful",
      "op @ successful",
    ]);
    expect(end).toMatchObject({ payload: { got: 42 } });
  });

  test("without definition is taken for a built-in one, which can be made to fail", async () => {
    const failures = { "other/executing": ["no power"] };
    const { told, end } = await lines(PARENT, { request, failures });
    expect(told).toContain("the built-in operation other is executed");
    expect(end).toMatchObject({ payload: { status: "failed", reason: "no power" } });
  });

  test("that starts itself without end is refused as by the agent", async () => {
    const { end } = await lines(PARENT, { request: { what: "op", url: "" }, options: { limit: 500 } });
    expect(end.kind).toBe("ended");
  });

  test("for each of a list", async () => {
    const each = `operation = "op"
[init]
iterate = "\${.payload.list}"
on_next = "apply"
on_success = "successful"
[apply]
operation = "\${.payload.@next.item.operation}"
on_exec = "wait"
[wait]
action = "await-operation-completion"
on_success = "init"`;
    const list = [{ operation: "a" }, { operation: "b", "@skip": true }, { operation: "c" }];
    const { told } = await lines(each, { request: { list } });
    expect(told.filter((line) => line.endsWith("> a @ init") || line.endsWith("> c @ init"))).toHaveLength(2);
    expect(told).not.toContain("op > b @ init");
  });
});

describe("what has effects in the world is told and not done", () => {
  const RESTART = `operation = "op"
[init]
action = "restart-agent"
on_exec = "wait"
[wait]
action = "await-agent-restart"
on_success = "get"
[get]
action = "download"
on_success = "set"
[set]
action = "builtin:config_update:set"
on_success = "put"
[put]
action = "upload"
input.path = "/x"`;
  const request = { tedgeUrl: "http://x" };

  test("a restart of the agent, transfers and built-in steps", async () => {
    const { told } = await lines(RESTART, { request });
    expect(told).toEqual([
      "op @ init",
      "op @ wait",
      "the agent restarts",
      "op @ get",
      "download http://x to /tmp/op_1",
      "op @ set",
      "the built-in step config_update:set is executed",
      "op @ put",
      "upload /x to http://x",
      "op @ successful",
    ]);
  });

  test.each([
    ["wait", "timeout"],
    ["get", "builtin 'download' action failed with: Download failed: broken"],
    ["set", "builtin 'builtin:config_update:set' action failed with: broken"],
    ["put", "builtin 'upload' action failed with: Upload failed: broken"],
  ])("a failure of %s that is wanted has the reason that the agent gives", async (state, reason) => {
    const { end } = await lines(RESTART, { request, failures: { [state]: ["broken"] } });
    expect(end).toMatchObject({ payload: { status: "failed", reason } });
  });
});
