// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { describe, expect, test } from "bun:test";
import { builtinWorkflow } from "../../../../../src/operations/workflow/builtin-workflow.ts";
import type { Workflow } from "../../../../../src/operations/workflow/definition.ts";
import { mermaidText } from "../../../../../src/operations/workflow/graph/mermaid.ts";
import { stateGraph } from "../../../../../src/operations/workflow/graph/state-graph.ts";
import { terminalDrawing } from "../../../../../src/operations/workflow/graph/terminal-drawing.ts";
import { parseWorkflowFile } from "../../../../../src/operations/workflow/workflow-file.ts";

function workflow(states: string): Workflow {
  const parsed = parseWorkflowFile("/op.toml", new TextEncoder().encode(`operation = "op"\n${states}`));
  if (!parsed.ok || parsed.value.mistake !== undefined) throw new Error(JSON.stringify(parsed));
  return parsed.value;
}

const LOOP = workflow(`[check]
script = "check"
on_success = "successful"
on_exit.1-2 = "again"
on_exit.4 = "again"
[again]
action = "proceed"
on_success = "check"
[init]
action = "proceed"
on_success = "check"`);

const FREE = workflow(`[init]
script = "choose \${.payload.x}"
[other]
action = "proceed"`);

describe("the graph", () => {
  test("has the states in the order in which a command comes to them, the end last", () => {
    expect(stateGraph(LOOP).states.map(({ name }) => name)).toEqual(["init", "check", "again", "successful", "failed"]);
  });

  test("has one way for all handlers that lead to the same state", () => {
    const check = stateGraph(LOOP).states.find(({ name }) => name === "check");
    expect(check?.ways).toEqual([
      { to: "successful", handlers: ["on_success"] },
      { to: "again", handlers: ["on_exit.1-2", "on_exit.4"] },
      { to: "failed", handlers: ["on_error"] },
    ]);
  });

  test("leaves out an end that nothing leads to, unless a script may", () => {
    const names = (one: Workflow) => stateGraph(one).states.map(({ name }) => name);
    expect(names(workflow('[init]\naction = "proceed"'))).toEqual(["init", "successful"]);
    expect(names(FREE)).toEqual(["init", "other", "successful", "failed"]);
  });
});

describe("in a terminal", () => {
  test("boxes stand below each other, ways to others beside them, ways back marked", () => {
    expect(terminalDrawing(stateGraph(LOOP)).split("\n").slice(0, 14)).toEqual([
      "┌─ init ─────────────────────────────────────────┐",
      "│ move to check state                            │",
      "└──┬─────────────────────────────────────────────┘",
      "   ▼ on_success",
      "┌─ check ────────────────────────────────────────┐",
      "│ check                                          │",
      "└──┬─────────────────────────────────────────────┘",
      "   ├─▶ successful  on_success",
      "   ├─▶ failed  on_error",
      "   ▼ on_exit.1-2, on_exit.4",
      "┌─ again ────────────────────────────────────────┐",
      "│ move to check state                            │",
      "└──┬─────────────────────────────────────────────┘",
      "   └─▶ check ↑  on_success",
    ]);
  });

  test("no line is wider than 78 columns, whatever names and scripts are", () => {
    const name = "a".repeat(200);
    const wide = workflow(`[init]
script = "${"word ".repeat(60)}"
on_success = "${name}"
[${name}]
script = "x"
on_success = "successful"
on_exit.3 = "init"`);
    const lines = terminalDrawing(stateGraph(wide)).split("\n");
    expect(Math.max(...lines.map((line) => [...line].length))).toBe(78);
    expect(new Set(lines.filter((line) => /^[┌│└]/.test(line)).map((line) => [...line].length))).toEqual(new Set([78]));
  });

  test("a script that names the next state itself is told", () => {
    expect(terminalDrawing(stateGraph(FREE))).toContain("─▶ the state that the script names\n");
  });
});

describe("in Mermaid", () => {
  test("a built-in operation", () => {
    expect(mermaidText(stateGraph(builtinWorkflow("software_list"))).split("\n")).toEqual([
      "---",
      'title: "software_list"',
      "---",
      "stateDiagram-v2",
      '    state "init" as s0',
      '    state "scheduled" as s1',
      '    state "executing" as s2',
      '    state "successful" as s3',
      '    state "failed" as s4',
      "    [*] --> s0",
      "    s0 --> s1: on_success",
      "    note right of s0: move to scheduled state",
      "    s1 --> s2: on_exec",
      "    note right of s1: execute builtin#58;software_list",
      "    s2 --> s3: on_success",
      "    s2 --> s4: on_error, on_timeout",
      "    note right of s2: await sub-operation completion",
      "    s3 --> [*]",
      "    s4 --> [*]",
      "",
    ]);
  });

  test("characters that mean something to it are written as entities", () => {
    expect(mermaidText(stateGraph(FREE))).toContain(
      "note right of s0: choose '$#123;.payload.x#125;' names the next state\n",
    );
  });
});
