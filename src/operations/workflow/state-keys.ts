import { exhaustive } from "../../base/exhaustive.ts";
import type { Action } from "./definition.ts";
import { ACTION_KEYS } from "./state-action.ts";

/** Keys of old versions, read and ignored (spec/operations §3.4). */
export const OLD_KEYS: readonly string[] = ["owner", "next"];

/** Every key that a state can have (spec/operations §3.4, §3.5). */
export const STATE_KEYS: readonly string[] = [
  ...ACTION_KEYS,
  "input_script",
  "input",
  "output",
  "on_success",
  "on_error",
  "on_kill",
  "on_timeout",
  "on_exec",
  "on_next",
  "on_exit",
  "on_stdout",
  "timeout_second",
];

/** The keys beside the action's own that it reads; others have no effect (spec/operations §3.6). */
export function keysUsedBy(action: Action): readonly string[] {
  switch (action.kind) {
    case "proceed":
      return ["on_success"];
    case "cleanup":
    case "refuse":
      return [];
    case "script":
      return ["on_success", "on_error", "on_kill", "on_exit", "on_stdout", "timeout_second"];
    case "background-script":
    case "builtin-operation":
    case "restart-agent":
      return ["on_exec"];
    case "sub-operation":
      return ["on_exec", "input_script", "input"];
    case "await-operation-completion":
      return ["on_success", "on_error", "on_timeout", "timeout_second", "output"];
    case "await-agent-restart":
      return ["on_success", "on_timeout", "timeout_second"];
    case "iterate":
      return ["on_next", "on_success", "on_error"];
    case "download":
    case "upload":
    case "builtin-step":
      return ["on_success", "on_error", "input"];
    default:
      return exhaustive(action);
  }
}
