import type { JsonObject } from "../../base/json.ts";
import { type CommandPayload, FAILED, isFinal } from "../../bus/payload/command.ts";
import type { CommandState } from "../command.ts";
import type { Workflow } from "../workflow/definition.ts";
import { follow } from "../workflow/transition.ts";

/** A command of the board as found at start. */
export interface PersistedCommand extends CommandState {
  /** Seconds since the Unix epoch at which it came into its state. */
  readonly since: number;
}

/** The workflows that a persisted command may refer to. */
export interface ResumeWorkflows {
  /** The workflow of an operation in the version a command was started with. */
  find(operation: string, version: string): Workflow | undefined;
  /** The workflow that a new command would get. */
  current(operation: string): Workflow | undefined;
}

/** The state in which a command found at start goes on (spec/operations §5). Commands at their end stay as they are. */
export function resumeCommand(command: PersistedCommand, workflows: ResumeWorkflows): CommandPayload {
  const { address, payload, since } = command;
  if (isFinal(payload)) return payload;
  const version = payload["@version"];
  const workflow =
    typeof version === "string" ? workflows.find(address.operation, version) : workflows.current(address.operation);
  if (workflow === undefined) {
    const what = typeof version === "string" ? `version ${version} of ${address.operation}` : address.operation;
    return { ...payload, status: FAILED, reason: `Fail to resume on start: unknown workflow ${what}` };
  }
  const marks: JsonObject = { "@version": workflow.version, resumed_at: `${since}.0` };
  const action = workflow.states.get(payload.status);
  if (action?.kind !== "await-agent-restart") return { ...payload, ...marks };
  const { status, update } = follow(action.onSuccess);
  return { ...payload, ...marks, ...update, status };
}
