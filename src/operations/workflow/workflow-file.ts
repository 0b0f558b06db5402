import { createHash } from "node:crypto";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { isTomlTable, parseToml, type TomlTable, type TomlValue } from "../../base/toml.ts";
import { isOperationName } from "../command.ts";
import { checkStates, type States } from "./check-states.ts";
import { type Action, ENTITY_TYPES, type Workflow } from "./definition.ts";
import { ACTION_KEYS, oldBuiltinAwait, parseAction } from "./state-action.ts";
import { type DefinitionFault, mistakeAt, parseDefaultsTable, parseStateTable } from "./state-table.ts";

/**
 * Reads a workflow definition file. An ill-formed one that at least names its operation gives a workflow that fails every command with the reason
 * (spec/operations §3.8); code `unusable` when not even that can be read.
 */
export function parseWorkflowFile(path: string, source: Uint8Array): Result<Workflow, Fault<"unusable">> {
  const text = decodeDefinition(source);
  if (text === undefined) return unusable(path, "not UTF-8");
  const toml = parseToml(text);
  if (!toml.ok) return unusable(path, toml.fault.message);
  const operation = toml.value.operation;
  if (typeof operation !== "string") return unusable(path, "no `operation` is named");
  if (!isOperationName(operation)) return unusable(path, `${JSON.stringify(operation)} cannot name an operation`);

  const version = createHash("sha256").update(source).digest("hex");
  const states = parseStates(operation, text, toml.value);
  const type = ENTITY_TYPES.find((one) => one === toml.value.type);
  const about = { operation, ...(type === undefined ? {} : { type }), version, source };
  if (states.ok) return ok({ ...about, states: states.value });
  const mistake = `Invalid operation workflow definition "${path}": ${states.fault.message}`;
  return ok({ ...about, states: refusingStates(mistake), mistake });
}

/** The states of an operation that fails every command with a reason. */
export function refusingStates(reason: string): States {
  return new Map<string, Action>([
    ["init", { kind: "proceed", onSuccess: { status: "executing" } }],
    ["executing", { kind: "refuse", reason }],
    ["successful", { kind: "cleanup" }],
    ["failed", { kind: "cleanup" }],
  ]);
}

/** Keys of the top level that are no states; all but `operation` and the defaults are read and ignored (spec/operations §3.3). */
const TOP_LEVEL: ReadonlySet<string> = new Set([
  "operation",
  "on_error",
  "on_timeout",
  "timeout_second",
  "on_success",
  "on_kill",
  "on_exit",
  "on_stdout",
  "on_exec",
  "on_next",
]);

/** Whether a key of the top level names no state; `type` may do either. */
export function isTopLevel(name: string, value: TomlValue): boolean {
  return TOP_LEVEL.has(name) || (name === "type" && !isTomlTable(value));
}

function parseStates(operation: string, text: string, table: TomlTable): Result<States, DefinitionFault> {
  const defaults = parseDefaultsTable(text, table);
  if (!defaults.ok) return defaults;
  const states = new Map<string, Action>();
  const implied = new Map<string, Action>();
  for (const [name, value] of Object.entries(table)) {
    if (isTopLevel(name, value)) continue;
    if (!isTomlTable(value)) return mistakeAt(text, [name], `${name}: expected a table with the action of a state`);
    const given = ACTION_KEYS.filter((key) => key in value);
    if (given.length !== 1) return mistakeAt(text, [name], `${name}: ${wrongNumber(given)}`);
    const state = parseStateTable(text, name, value);
    if (!state.ok) return state;
    const action = parseAction(state.value, { operation, name, defaults: defaults.value });
    if (!action.ok) return action;
    states.set(name, action.value);
    if (state.value.action === "builtin" && action.value.kind === "builtin-operation") {
      implied.set(action.value.onExec.status, oldBuiltinAwait(state.value));
    }
  }
  return checkStates(new Map([...implied, ...states]));
}

/** What is wrong with a state that has not exactly one action. */
export function wrongNumber(given: readonly string[]): string {
  if (given.length === 0) return `missing action, expected one of ${ACTION_KEYS.map((key) => `\`${key}\``).join(", ")}`;
  return `a state has one action, not ${given.map((key) => `\`${key}\``).join(" and ")}`;
}

function unusable(path: string, why: string): Result<never, Fault<"unusable">> {
  return err(fault("unusable", `Cannot use the operation workflow definition "${path}": ${why}`));
}

/** The text of a file; `undefined` if it is not UTF-8. */
export function decodeDefinition(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
