import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { CommandState } from "../command.ts";
import type { IterateAction } from "../workflow/definition.ts";
import { evaluatePath } from "../workflow/path-expression.ts";
import { follow, type Transition } from "../workflow/transition.ts";

/** A step of a loop; `problem` is for the log only. */
export interface Iteration {
  readonly transition: Transition;
  readonly problem?: string;
}

/** Takes the next element whose `@skip` is not true; the place in the loop is kept in `@next` (spec/operations §4.8). */
export function iterate(action: IterateAction, command: CommandState): Iteration {
  if (action.target.kind !== "payload") return failed(action, `${action.text} is not a path below .payload`);
  const items = evaluatePath(action.target, command);
  if (!isArray(items)) return failed(action, `${action.text} is not an array`);
  const current = command.payload["@next"];
  const kept = isJsonObject(current) ? current : {};
  const from = current === undefined ? 0 : nextIndex(kept, items.length);
  if (from === undefined) return failed(action, `@next.index is not an index of ${action.text}`);
  const index = items.findIndex((item, at) => at >= from && !isSkipped(item));
  if (index === -1) return { transition: follow(action.onSuccess) };
  return { transition: follow(action.onNext, { "@next": { ...kept, index, item: items[index] ?? null } }) };
}

function nextIndex(state: JsonObject, length: number): number | undefined {
  const index = state.index;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= length) return undefined;
  return index + 1;
}

function isSkipped(item: Json): boolean {
  return isJsonObject(item) && item["@skip"] === true;
}

function failed(action: IterateAction, problem: string): Iteration {
  return { transition: follow(action.onError), problem };
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
