import { exhaustive } from "../../base/exhaustive.ts";
import { formatCommandLine } from "./command-line.ts";
import type { Action, SubOperationAction } from "./definition.ts";

/** An action as the operation log names it (spec/operations §6); templates are shown as written. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case "proceed":
      return `move to ${action.onSuccess.status} state`;
    case "cleanup":
      return "wait for the requester to finalize the command";
    case "script":
    case "background-script":
      return formatCommandLine(action.command);
    case "sub-operation":
      return describeSubOperation(action);
    case "builtin-operation":
      return `execute builtin:${action.operation}`;
    case "await-operation-completion":
      return "await sub-operation completion";
    case "await-agent-restart":
      return "await agent restart";
    case "restart-agent":
      return "restart agent";
    case "iterate":
      return `iterate over ${action.text}`;
    case "download":
    case "upload":
      return `builtin ${action.kind} action`;
    case "builtin-step":
      return `execute builtin:${action.operation} action: ${action.step}`;
    case "refuse":
      return "move to failed state";
    default:
      return exhaustive(action);
  }
}

function describeSubOperation({ operation, inputScript }: SubOperationAction): string {
  const base = `execute ${operation} as sub-operation`;
  if (inputScript === undefined) return base;
  return `${base}, with input payload derived from: ${formatCommandLine(inputScript)}`;
}
