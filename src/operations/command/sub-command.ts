import type { CommandState } from "../command.ts";
import type { Workflow } from "../workflow/definition.ts";

/** A sub-command that is about to be started: its first state, and the workflow it will follow. */
export interface SubCommand {
  readonly command: CommandState;
  readonly workflow: Workflow;
}
