// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { createLog } from "../../../src/base/log.ts";
import { type WorkflowTestArgs, workflowTest } from "../../../src/cli/workflow-test.ts";

let folder: string;

const WORKFLOW = `operation = "op"
[init]
script = "get \${.payload.url}"
on_success = "next"
[next]
operation = "other"
on_exec = "wait"
[wait]
action = "await-operation-completion"
on_success = "successful"
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflow-"));
  await writeFile(join(folder, "op.toml"), WORKFLOW);
  await writeFile(join(folder, "other.toml"), 'operation = "other"\n[init]\naction = "proceed"\n');
  await writeFile(join(folder, "bad.toml"), 'operation = "bad"\n[init]\naction = "dance"\n');
});

afterAll(() => rm(folder, { recursive: true }));

async function tried(file: string, args: Partial<WorkflowTestArgs> = {}) {
  const printed: string[] = [];
  const context = {
    configDirectory: folder,
    environment: {},
    stdout: (text: string) => void printed.push(text),
    stderr: () => undefined,
    log: createLog("test"),
    clock: systemClock,
    random: () => 0,
    signal: new AbortController().signal,
  };
  const outcomes = { exits: new Map(), stdout: new Map(), failures: new Map() };
  const defaults = {
    file: join(folder, file),
    request: { url: "http://x" },
    outcomes,
    exec: false,
    json: false,
    limit: 9,
  };
  const outcome = await workflowTest(context, { ...defaults, ...args });
  return { outcome, printed: printed.join("") };
}

test("states and scripts are printed, those of definitions beside the file too, and the payload at the end", async () => {
  const { outcome, printed } = await tried("op.toml");
  expect(outcome).toEqual({ kind: "done", exit: 0 });
  const [progress = "", payload = ""] = printed.split("\n\n");
  expect(progress.split("\n")).toEqual([
    "op @ init  get '${.payload.url}'",
    "    $ get http://x  (exit 0)",
    "op @ next  execute other as sub-operation",
    "op @ wait  await sub-operation completion",
    "op > other @ init  move to successful state",
    "op > other @ successful  wait for the requester to finalize the command",
    "op @ successful  wait for the requester to finalize the command",
  ]);
  expect(JSON.parse(payload)).toMatchObject({ status: "successful", url: "http://x" });
});

test("a failure gives exit 3, a bound that is reached exit 4", async () => {
  const exits = new Map([["init", [1]]]);
  const failed = await tried("op.toml", { outcomes: { exits, stdout: new Map(), failures: new Map() } });
  expect(failed.outcome).toEqual({ kind: "done", exit: 3 });
  expect(failed.printed).toContain("    reason: get returned exit code 1\n");
  expect((await tried("op.toml", { limit: 2 })).outcome).toEqual({ kind: "done", exit: 4 });
});

test("as JSON, every line is an object and the last is the end", async () => {
  const { printed } = await tried("op.toml", { json: true });
  const objects = printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(objects[1]).toEqual({
    kind: "program",
    operation: "op",
    state: "init",
    command: ["get", "http://x"],
    exit: "exit 0",
  });
  expect(objects.at(-1)).toMatchObject({ kind: "ended", payload: { status: "successful" } });
});

test.each(["bad.toml", "missing.toml"])("a definition that cannot be used is told: %s", async (file) => {
  expect((await tried(file)).outcome).toMatchObject({ kind: "failed" });
});
