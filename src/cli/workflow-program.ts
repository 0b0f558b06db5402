import type { Command } from "commander";
import type { JsonObject } from "../base/json.ts";
import { jsonObjectArgument } from "./json-argument.ts";
import type { Run } from "./program.ts";
import { byState, exitCodeByState, textByState } from "./state-argument.ts";
import { countArgument } from "./typed-argument.ts";

interface TestOptions {
  readonly cmd: JsonObject;
  readonly exit: ReadonlyMap<string, readonly number[]>;
  readonly stdout: ReadonlyMap<string, readonly string[]>;
  readonly fail: ReadonlyMap<string, readonly string[]>;
  readonly exec?: boolean;
  readonly json?: boolean;
  readonly maxStates: number;
}

/** `tedge workflow …`: tools for whoever writes workflow definitions. */
export function defineWorkflow(program: Command, run: Run): void {
  const workflow = program.command("workflow").description("check and try out workflow definitions");
  defineValidate(workflow, run);
  defineTest(workflow, run);
  defineGraph(workflow, run);
}

function defineValidate(workflow: Command, run: Run): void {
  workflow
    .command("validate")
    .description("tell every mistake in definition files, and what in them has no effect; exit 1 if one is refused")
    .argument("<file...>", "workflow definitions (TOML)")
    .option("--json", "print the findings as JSON")
    .action((files: readonly string[], options: { readonly json?: boolean }, command: Command) =>
      run(command, async (context) => {
        const { workflowValidate } = await import("./workflow-validate.ts");
        return workflowValidate(context, { files, json: options.json ?? false });
      }),
    );
}

function defineTest(workflow: Command, run: Run): void {
  workflow
    .command("test")
    .description(
      "go through a workflow without doing anything, and tell each state and script; exit 0: it ends in success, 3: in failure, 4: not at all",
    )
    .argument("<file>", "workflow definition (TOML); those beside it are used for sub-operations")
    .option("--cmd <json>", "what the request holds, as a JSON object or @<file>", jsonObjectArgument, {})
    .option(
      "--exit <state=code>",
      "exit code of a script; can be repeated, also for one state",
      exitCodeByState,
      new Map(),
    )
    .option(
      "--stdout <state=text>",
      "what a script prints, as text or @<file>; JSON as the workflow takes it",
      textByState,
      new Map(),
    )
    .option(
      "--fail <state=reason>",
      "let what a state does fail: transfer, built-in operation, restart",
      byState,
      new Map(),
    )
    .option("--exec", "really run scripts, except those in the background")
    .option("--max-states <count>", "stop after so many states", countArgument, 100)
    .option("--json", "print one JSON object a line")
    .action((file: string, options: TestOptions, command: Command) =>
      run(command, async (context) => {
        const { workflowTest } = await import("./workflow-test.ts");
        const { cmd, exit: exits, stdout, fail: failures, exec = false, json = false, maxStates: limit } = options;
        return workflowTest(context, { file, request: cmd, outcomes: { exits, stdout, failures }, exec, json, limit });
      }),
    );
}

function defineGraph(workflow: Command, run: Run): void {
  workflow
    .command("graph")
    .description("draw the states of a workflow and the ways between them")
    .argument("<file>", "workflow definition (TOML)")
    .option("--mermaid", "as a Mermaid state diagram, for documents")
    .action((file: string, options: { readonly mermaid?: boolean }, command: Command) =>
      run(command, async (context) => {
        const { workflowGraph } = await import("./workflow-graph.ts");
        return workflowGraph(context, { file, mermaid: options.mermaid ?? false });
      }),
    );
}
