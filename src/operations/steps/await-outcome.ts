import { SUCCESSFUL } from "../../bus/payload/command.ts";
import type { BuiltinResult } from "../builtin-operation.ts";
import type { CommandState } from "../command.ts";
import type { AwaitCompletionAction } from "../workflow/definition.ts";
import { drawExcerpt } from "../workflow/excerpt.ts";
import { follow, followFailure, reasonOf, type Transition } from "../workflow/transition.ts";

/** Where the end of a sub-command leads its parent; `undefined` for one that is not there any more (spec/operations §4.7). */
export function subOperationOutcome(action: AwaitCompletionAction, sub: CommandState | undefined): Transition {
  if (sub === undefined) return followFailure(action.onError, "The sub-operation has been removed");
  if (sub.payload.status === SUCCESSFUL) return follow(action.onSuccess, drawExcerpt(action.output, sub));
  const reason = reasonOf(sub.payload) ?? `The sub-operation ${sub.address.operation} failed without a reason`;
  return followFailure(action.onError, reason);
}

/** Where the end of the built-in implementation leads; a failure keeps its reason unless the handler has one (spec/operations §4.10). */
export function builtinOutcome(action: AwaitCompletionAction, result: BuiltinResult): Transition {
  if (result.status === "successful") return follow(action.onSuccess, result.update);
  const { status, update } = followFailure(action.onError, result.reason);
  return { status, update: { ...result.update, ...update } };
}
