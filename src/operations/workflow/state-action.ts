import { stringifyJson } from "../../base/json.ts";
import { ok, type Result } from "../../base/result.ts";
import { isTomlTable, type TomlValue } from "../../base/toml.ts";
import { tomlTableToJson, tomlToJson } from "../../base/toml-json.ts";
import { parseCommandLine } from "./command-line.ts";
import type { Action, AwaitCompletionAction, Excerpt, Handler } from "./definition.ts";
import { NO_EXCERPT } from "./excerpt.ts";
import { handlerOf, parseExitHandlers } from "./exit-handlers.ts";
import { parseWholePath } from "./path-expression.ts";
import {
  type DefaultsTable,
  type DefinitionFault,
  type HandlerEntry,
  illFormed,
  type StateTable,
} from "./state-table.ts";

type Parsed = Result<Action, DefinitionFault>;

/** What a state is parsed with: the operation it belongs to and what it inherits. */
export interface StateContext {
  readonly operation: string;
  readonly name: string;
  readonly defaults: DefaultsTable;
}

export const ACTION_KEYS = ["script", "background_script", "operation", "iterate", "action"] as const;

const SUCCESSFUL_STATE: Handler = { status: "successful" };
const FAILED_STATE: Handler = { status: "failed" };
const TIMED_OUT: Handler = { status: "failed", reason: "timeout" };

/** Extra time that an agent has to come back (spec/operations §4.5). */
const RESTART_ALLOWANCE = 60_000;

/** Makes the action of a state that has exactly one of `ACTION_KEYS` (spec/operations §3.4, §3.6). */
export function parseAction(state: StateTable, context: StateContext): Parsed {
  if (state.script !== undefined) return parseScript(state.script, state, context.defaults);
  if (state.background_script !== undefined) {
    const command = commandLine(state.background_script, "background_script");
    return command.ok ? ok({ kind: "background-script", command: command.value, onExec: onExec(state) }) : command;
  }
  if (state.operation !== undefined) return parseOperation(state.operation, state, context);
  if (state.iterate !== undefined) return parseIterate(state.iterate, state, context.defaults);
  return parseNamedAction(state.action ?? "", state, context);
}

function parseScript(script: string, state: StateTable, defaults: DefaultsTable): Parsed {
  const command = commandLine(script, "script");
  if (!command.ok) return command;
  const exits = parseExitHandlers(state, defaults);
  if (!exits.ok) return exits;
  return ok({ kind: "script", command: command.value, exits: exits.value, ...timeout(state, defaults) });
}

function parseOperation(operation: string, state: StateTable, context: StateContext): Parsed {
  if (operation.startsWith("builtin:")) {
    const target = operation.slice("builtin:".length);
    if (target === context.operation)
      return ok({ kind: "builtin-operation", operation: target, onExec: onExec(state) });
    return illFormed(
      `The \`builtin:${target}\` cannot be invoked from \`${context.operation}\`, but only from \`${target}\``,
      "operation",
    );
  }
  const input = excerpt(state.input, "input");
  if (!input.ok) return input;
  const action = { kind: "sub-operation", operation, input: input.value, onExec: onExec(state) } as const;
  if (state.input_script === undefined) return ok(action);
  const inputScript = commandLine(state.input_script, "input_script");
  return inputScript.ok ? ok({ ...action, inputScript: inputScript.value }) : inputScript;
}

function parseIterate(text: string, state: StateTable, defaults: DefaultsTable): Parsed {
  const target = parseWholePath(text);
  if (target === undefined) return illFormed(`The provided target ${text} is not a valid path expression`, "iterate");
  if (state.on_next === undefined) return illFormed("Missing mandatory state: on_next");
  if (state.on_success === undefined) return illFormed("Missing mandatory state: on_success");
  return ok({
    kind: "iterate",
    text,
    target,
    onNext: handlerOf(state.on_next),
    onSuccess: handlerOf(state.on_success),
    onError: handler(state.on_error ?? defaults.on_error, FAILED_STATE),
  });
}

function parseNamedAction(name: string, state: StateTable, context: StateContext): Parsed {
  switch (name) {
    case "proceed":
      return ok({ kind: "proceed", onSuccess: handler(state.on_success, SUCCESSFUL_STATE) });
    case "cleanup":
      return ok({ kind: "cleanup" });
    case "restart-agent":
      return ok({ kind: "restart-agent", onExec: onExec(state) });
    case "await-agent-restart":
      return parseAwaitRestart(state, context.defaults);
    case "await-operation-completion":
      return parseAwaitCompletion(state, context.defaults);
    case "download":
    case "upload":
      return withInput(state, (input) => ({ kind: name, input, ...ends(state, context.defaults) }));
    case "builtin":
      return ok(parseOldBuiltin(state, context));
    default:
      return parseBuiltinStep(name, state, context.defaults);
  }
}

function parseBuiltinStep(name: string, state: StateTable, defaults: DefaultsTable): Parsed {
  const [, operation, step] = /^builtin:([^:]+):(.+)$/.exec(name) ?? [];
  if (operation === undefined || step === undefined) return illFormed(`Unknown action: ${name}`, "action");
  return withInput(state, (input) => ({ kind: "builtin-step", operation, step, input, ...ends(state, defaults) }));
}

function parseAwaitRestart(state: StateTable, defaults: DefaultsTable): Parsed {
  if (state.on_success === undefined) return illFormed("No handler is provided for 'on_success'");
  return ok({
    kind: "await-agent-restart",
    timeout: (state.timeout_second ?? defaults.timeout_second ?? 0) * 1_000 + RESTART_ALLOWANCE,
    onSuccess: handlerOf(state.on_success),
    onTimeout: handler(state.on_timeout ?? defaults.on_timeout, TIMED_OUT),
  });
}

function parseAwaitCompletion(state: StateTable, defaults: DefaultsTable): Parsed {
  if (state.on_success === undefined) return illFormed("No handler is provided for 'on_success'");
  const output = excerpt(state.output, "output");
  if (!output.ok) return output;
  return ok({
    kind: "await-operation-completion",
    builtin: false,
    output: output.value,
    ...timeout(state, defaults),
    onSuccess: handlerOf(state.on_success),
    onError: handler(state.on_error ?? defaults.on_error, FAILED_STATE),
    onTimeout: handler(state.on_timeout ?? defaults.on_timeout, TIMED_OUT),
  });
}

/** The deprecated `action = "builtin"`: hands over to the built-in operation and, in the state it hands over to, waits for it. */
function parseOldBuiltin(state: StateTable, context: StateContext): Action {
  const onExec = handler(state.on_exec, { status: "executing" });
  if (onExec.status === context.name) return oldBuiltinAwait(state);
  return { kind: "builtin-operation", operation: context.operation, onExec };
}

/** The state in which the deprecated `action = "builtin"` waits, with the handlers of the state that starts it. */
export function oldBuiltinAwait(state: StateTable): AwaitCompletionAction {
  return {
    kind: "await-operation-completion",
    builtin: true,
    output: NO_EXCERPT,
    onSuccess: handler(state.on_success, SUCCESSFUL_STATE),
    onError: handler(state.on_error, FAILED_STATE),
    onTimeout: TIMED_OUT,
  };
}

function withInput(state: StateTable, make: (input: Excerpt) => Action): Parsed {
  const input = excerpt(state.input, "input");
  return input.ok ? ok(make(input.value)) : input;
}

function ends(state: StateTable, defaults: DefaultsTable): { onSuccess: Handler; onError: Handler } {
  return {
    onSuccess: handler(state.on_success, SUCCESSFUL_STATE),
    onError: handler(state.on_error ?? defaults.on_error, FAILED_STATE),
  };
}

function onExec(state: StateTable): Handler {
  return handler(state.on_exec, SUCCESSFUL_STATE);
}

function handler(entry: HandlerEntry | undefined, otherwise: Handler): Handler {
  return entry === undefined ? otherwise : handlerOf(entry);
}

function timeout(state: StateTable, defaults: DefaultsTable): { timeout?: number } {
  const seconds = state.timeout_second ?? defaults.timeout_second;
  return seconds === undefined ? {} : { timeout: seconds * 1_000 };
}

function excerpt(value: TomlValue | undefined, key: string): Result<Excerpt, DefinitionFault> {
  if (value === undefined) return ok(NO_EXCERPT);
  if (typeof value === "string") return ok({ kind: "text", text: value });
  if (isTomlTable(value)) return ok({ kind: "table", table: tomlTableToJson(value) });
  const what = `${valueKind(value)} as ${stringifyJson(tomlToJson(value))}`;
  return illFormed(`Only records can be used for command input/output, not a ${what}`, key);
}

function valueKind(value: TomlValue): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "object" ? "date" : "number";
}

function commandLine(text: string, key: string): Result<readonly [string, ...string[]], DefinitionFault> {
  const parsed = parseCommandLine(text);
  return parsed.ok ? parsed : illFormed(parsed.fault.message, key);
}
