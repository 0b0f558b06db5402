import { mermaidText } from "../operations/workflow/graph/mermaid.ts";
import { stateGraph } from "../operations/workflow/graph/state-graph.ts";
import { terminalDrawing } from "../operations/workflow/graph/terminal-drawing.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";
import { readSoundWorkflow } from "./read-workflow.ts";

export interface WorkflowGraphArgs {
  readonly file: string;
  readonly mermaid: boolean;
}

/** `tedge workflow graph`: the states of a definition and the ways between them. */
export async function workflowGraph(context: CliContext, args: WorkflowGraphArgs): Promise<CommandOutcome> {
  const workflow = await readSoundWorkflow(args.file);
  if (!workflow.ok) return { kind: "failed", description: `draw ${args.file}`, fault: workflow.fault };
  const graph = stateGraph(workflow.value);
  await context.stdout(args.mermaid ? mermaidText(graph) : terminalDrawing(graph));
  return { kind: "done" };
}
