import { type Action, BUILTIN_VERSION, type Workflow } from "./definition.ts";
import { NO_EXCERPT } from "./excerpt.ts";

/** The workflow of a built-in operation that no file overrides: init, scheduled, executing, final (spec/operations §4.10). */
export function builtinWorkflow(operation: string): Workflow {
  const states = new Map<string, Action>([
    ["init", { kind: "proceed", onSuccess: { status: "scheduled" } }],
    ["scheduled", { kind: "builtin-operation", operation, onExec: { status: "executing" } }],
    [
      "executing",
      {
        kind: "await-operation-completion",
        builtin: true,
        output: NO_EXCERPT,
        onSuccess: { status: "successful" },
        onError: { status: "failed" },
        onTimeout: { status: "failed", reason: "timeout" },
      },
    ],
    ["successful", { kind: "cleanup" }],
    ["failed", { kind: "cleanup" }],
  ]);
  return { operation, version: BUILTIN_VERSION, states };
}
