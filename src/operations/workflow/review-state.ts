import { isTomlTable, type TomlTable, type TomlValue } from "../../base/toml.ts";
import type { TomlPath } from "../../base/toml-place.ts";
import { nearestWord } from "../../config/nearest-word.ts";
import type { Action } from "./definition.ts";
import { ACTION_KEYS, oldBuiltinAwait, parseAction } from "./state-action.ts";
import { keysUsedBy, OLD_KEYS, STATE_KEYS } from "./state-keys.ts";
import { type DefaultsTable, type DefinitionFault, parseDefaultsTable, parseStateTable } from "./state-table.ts";
import { isTopLevel, wrongNumber } from "./workflow-file.ts";

export interface Finding {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly path: TomlPath;
  /** The key itself is meant, not its value. */
  readonly atKey?: boolean;
  readonly note?: string;
}

export interface ReviewedState {
  readonly findings: readonly Finding[];
  /** What the state does, if that can be read. */
  readonly action?: Action;
  /** States that it brings along. */
  readonly implied: ReadonlyMap<string, Action>;
}

export interface StateReviewContext {
  /** The whole file. */
  readonly text: string;
  readonly operation: string;
  readonly name: string;
  readonly defaults: DefaultsTable;
}

const NOTHING: ReadonlyMap<string, Action> = new Map();

/** Everything that is to be told about one state by itself. */
export function reviewState(value: TomlValue, context: StateReviewContext): ReviewedState {
  const { text, name, operation, defaults } = context;
  if (!isTomlTable(value)) {
    const message = `${name}: expected a table with the action of a state`;
    return { findings: [{ severity: "error", message, path: [name] }], implied: NOTHING };
  }
  const findings: Finding[] = Object.keys(value).flatMap((key) => unknownKey(name, key));
  // One key at a time: each has its own mistake.
  for (const key of Object.keys(value)) {
    const alone = parseStateTable(text, name, only(value, key));
    if (!alone.ok) findings.push(mistake(alone.fault, []));
  }
  const given = ACTION_KEYS.filter((key) => key in value);
  if (given.length !== 1) {
    findings.push({ severity: "error", message: `${name}: ${wrongNumber(given)}`, path: [name] });
  }
  const state = parseStateTable(text, name, value);
  if (given.length !== 1 || !state.ok) return { findings, implied: NOTHING };
  const action = parseAction(state.value, { operation, name, defaults });
  if (!action.ok) return { findings: [...findings, mistake(action.fault, [name])], implied: NOTHING };
  findings.push(...keysWithoutEffect(value, action.value, name));
  const isOld = state.value.action === "builtin" && action.value.kind === "builtin-operation";
  const implied = isOld ? new Map([[action.value.onExec.status, oldBuiltinAwait(state.value)]]) : NOTHING;
  return { findings, action: action.value, implied };
}

/** The top level, and the defaults of it that can be read. */
export function reviewDefaults(
  text: string,
  table: TomlTable,
): { readonly table: DefaultsTable; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  let sound: DefaultsTable = {};
  for (const key of ["type", "on_error", "on_timeout", "timeout_second"]) {
    const value = table[key];
    if (value === undefined || !isTopLevel(key, value)) continue;
    const alone = parseDefaultsTable(text, only(table, key));
    if (alone.ok) sound = { ...sound, ...alone.value };
    else findings.push(mistake(alone.fault, []));
  }
  return { table: sound, findings };
}

function unknownKey(name: string, key: string): readonly Finding[] {
  if (STATE_KEYS.includes(key) || OLD_KEYS.includes(key)) return [];
  const meant = nearestWord(key, STATE_KEYS);
  const note = meant === undefined ? {} : { note: `did you mean \`${meant}\`?` };
  return [{ severity: "warning", message: `Unknown key: ${key}`, path: [name, key], atKey: true, ...note }];
}

/** The deprecated `action = "builtin"` is taken apart: its handlers count in the state that waits. */
function keysWithoutEffect(table: TomlTable, action: Action, name: string): readonly Finding[] {
  if (table.action === "builtin") return [];
  const used = keysUsedBy(action);
  return Object.keys(table)
    .filter((key) => STATE_KEYS.includes(key) && !used.includes(key) && !ACTION_KEYS.some((own) => own === key))
    .map((key) => {
      const message = `${key} has no effect in a state with ${actionText(table)}`;
      return { severity: "warning", message, path: [name, key], atKey: true };
    });
}

function actionText(table: TomlTable): string {
  const key = ACTION_KEYS.find((own) => own in table);
  return key === "action" ? `action = "${String(table.action)}"` : String(key);
}

function mistake({ message, place = [] }: DefinitionFault, above: TomlPath): Finding {
  return { severity: "error", message, path: [...above, ...place] };
}

function only(table: TomlTable, key: string): TomlTable {
  const value = table[key];
  return value === undefined ? {} : { [key]: value };
}
