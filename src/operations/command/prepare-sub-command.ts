import { fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { INIT } from "../../bus/payload/command.ts";
import { type CommandAddress, type CommandState, commandChain, isOperationName, subCommandId } from "../command.ts";
import type { OperationLog } from "../operation-log.ts";
import type { Workflow } from "../workflow/definition.ts";
import { refusingStates } from "../workflow/workflow-file.ts";
import type { WorkflowLibrary } from "../workflow/workflow-library.ts";
import type { SubCommand } from "./sub-command.ts";

export interface SubCommandOptions {
  readonly library: Pick<WorkflowLibrary, "current" | "keep" | "settle">;
  readonly operationLog: Pick<OperationLog, "path">;
  /** Reads the definitions again, so that one that a previous step wrote is known. */
  readonly refresh: () => Promise<void>;
  readonly address: (operation: string, id: string) => CommandAddress;
}

/** Sub-operations that start each other in circles end here. */
const DEEPEST = 16;

/** Makes the first state of a sub-command (spec/operations §4.7). The workflow is kept until `library.settle`. */
export async function prepareSubCommand(
  parent: CommandState,
  operation: string,
  input: JsonObject,
  { library, operationLog, refresh, address: addressOf }: SubCommandOptions,
): Promise<Result<SubCommand>> {
  if (!isOperationName(operation)) {
    return err(fault("invalid-operation", `${JSON.stringify(operation)} cannot name a sub-operation`));
  }
  if (commandChain(parent.address).operations.length >= DEEPEST) {
    return err(fault("too-deep", `Sub-operations are nested more than ${DEEPEST} deep`));
  }
  await refresh();
  const workflow = library.current(operation) ?? unknownOperation(operation);
  const kept = await library.keep(workflow);
  if (!kept.ok) {
    library.settle(workflow);
    return err(fault("not-stored", `The definition of ${operation} cannot be stored`, { cause: kept.fault }));
  }
  const address = addressOf(operation, subCommandId(parent.address));
  const marks = { "@version": workflow.version, logPath: operationLog.path(address) };
  return ok({ command: { address, payload: { ...input, ...marks, status: INIT } }, workflow });
}

/** A sub-operation that nobody knows fails like any other, so that its parent goes on (spec/operations §15). */
function unknownOperation(operation: string): Workflow {
  return { operation, version: "unknown", states: refusingStates(`Unknown sub-operation: ${operation}`) };
}
