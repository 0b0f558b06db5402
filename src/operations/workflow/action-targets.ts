import { exhaustive } from "../../base/exhaustive.ts";
import type { Action, ExitHandlers } from "./definition.ts";

/** Where an action can lead: the name of the handler and the state it names. */
export interface Target {
  readonly handler: string;
  readonly status: string;
}

/** Every state that an action names; a script that tells its next state freely may lead to others too, see `leadsAnywhere`. */
export function actionTargets(action: Action): readonly Target[] {
  switch (action.kind) {
    case "proceed":
      return [target("on_success", action.onSuccess)];
    case "cleanup":
      return [];
    case "refuse":
      return [{ handler: "on_error", status: "failed" }];
    case "script":
      return scriptTargets(action.exits);
    case "background-script":
    case "sub-operation":
    case "builtin-operation":
    case "restart-agent":
      return [target("on_exec", action.onExec)];
    case "await-operation-completion":
      return [
        target("on_success", action.onSuccess),
        target("on_error", action.onError),
        target("on_timeout", action.onTimeout),
      ];
    case "await-agent-restart":
      return [target("on_success", action.onSuccess), target("on_timeout", action.onTimeout)];
    case "iterate":
      return [
        target("on_next", action.onNext),
        target("on_success", action.onSuccess),
        target("on_error", action.onError),
      ];
    case "download":
    case "upload":
    case "builtin-step":
      return [target("on_success", action.onSuccess), target("on_error", action.onError)];
    default:
      return exhaustive(action);
  }
}

/** A script without success handler and without `on_stdout` may name any state. */
export function leadsAnywhere(action: Action): boolean {
  return action.kind === "script" && action.exits.success === undefined && action.exits.stdout === undefined;
}

function scriptTargets({ success, codes, error, kill, stdout }: ExitHandlers): readonly Target[] {
  return [
    ...(success === undefined ? [] : [target("on_success", success)]),
    ...codes.map(({ from, to, handler }) => target(from === to ? `on_exit.${from}` : `on_exit.${from}-${to}`, handler)),
    target("on_error", error),
    ...(kill === undefined ? [] : [target("on_kill", kill)]),
    ...(stdout ?? []).map((status) => ({ handler: "on_stdout", status })),
  ];
}

function target(handler: string, { status }: { readonly status: string }): Target {
  return { handler, status };
}
