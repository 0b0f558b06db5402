import { isTomlTable, parseToml, type TomlTable } from "../../base/toml.ts";
import { type Span, type TomlPath, tomlKeyPlace, tomlPlaces } from "../../base/toml-place.ts";
import { isOperationName } from "../command.ts";
import { leadsAnywhere } from "./action-targets.ts";
import { mistakesBetween, misusedEnds, reachableStates, type StateMistake, type States } from "./check-states.ts";
import type { Action } from "./definition.ts";
import { type Finding, reviewDefaults, reviewState } from "./review-state.ts";
import { decodeDefinition, isTopLevel, parseWorkflowFile } from "./workflow-file.ts";

/** What is wrong, or looks wrong, at one place of a definition file. */
export interface Problem {
  /** An error makes the definition ill-formed; a warning does not. */
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly span: Span;
  readonly note?: string;
}

/** What a definition file says about itself, everything at once and in the order of the text. */
export interface Review {
  readonly text: string;
  /** If the file names one. */
  readonly operation?: string;
  readonly problems: readonly Problem[];
}

/** Looks through a definition file for its author: all mistakes that the agent would refuse it for, and what it would do nothing about. */
export function reviewDefinition(path: string, source: Uint8Array): Review {
  const text = decodeDefinition(source);
  if (text === undefined) return { text: "", problems: [error("The file is not UTF-8", START)] };
  const toml = parseToml(text);
  if (!toml.ok) {
    const [message = ""] = toml.fault.message.split("\n");
    return { text, problems: [error(message, offsetOf(text, toml.fault.detail))] };
  }
  const operation = toml.value.operation;
  if (typeof operation !== "string") return { text, problems: [error("no `operation` is named", START)] };
  const review = { text, operation };
  if (!isOperationName(operation)) {
    const place = tomlPlaces(text)(["operation"]);
    return { ...review, problems: [error(`${JSON.stringify(operation)} cannot name an operation`, place)] };
  }
  const problems = reviewStates(operation, text, toml.value);
  if (problems.some(({ severity }) => severity === "error")) return { ...review, problems };
  // The agent has the last word.
  const parsed = parseWorkflowFile(path, source);
  const mistake = parsed.ok ? parsed.value.mistake : parsed.fault.message;
  return { ...review, problems: mistake === undefined ? problems : [error(mistake, START), ...problems] };
}

const START: Span = { start: 0, end: 0 };

function error(message: string, span: Span): Problem {
  return { severity: "error", message, span };
}

function reviewStates(operation: string, text: string, table: TomlTable): readonly Problem[] {
  const defaults = reviewDefaults(text, table);
  const findings: Finding[] = [...defaults.findings];
  const states = new Map<string, Action>();
  let isWhole = findings.length === 0;
  for (const [name, value] of Object.entries(table)) {
    if (isTopLevel(name, value)) continue;
    const state = reviewState(value, { text, operation, name, defaults: defaults.table });
    findings.push(...state.findings);
    for (const [implied, action] of state.implied) if (!isTomlTable(table[implied])) states.set(implied, action);
    if (state.action === undefined) isWhole = false;
    // What cannot be read is still a state that others may name.
    states.set(name, state.action ?? { kind: "cleanup" });
  }
  findings.push(...misusedEnds(states).map(asFinding));
  for (const name of IMPLIED) states.set(name, { kind: "cleanup" });
  findings.push(...(states.has("init") ? betweenStates(states, isWhole) : [missingInit]));
  const places = tomlPlaces(text);
  return findings
    .map(({ path, atKey, ...rest }) => ({ ...rest, span: atKey === true ? tomlKeyPlace(text, path) : places(path) }))
    .sort((left, right) => left.span.start - right.span.start);
}

const missingInit: Finding = { severity: "error", message: "Missing mandatory state: init", path: [] };

/** Which states are out of reach can be told once all of them could be read. */
function betweenStates(states: States, isWhole: boolean): readonly Finding[] {
  const mistakes = mistakesBetween(states).map(asFinding);
  const reached = reachableStates(states);
  const isOpen = [...reached].some((name) => {
    const action = states.get(name);
    return action !== undefined && leadsAnywhere(action);
  });
  if (!isWhole || isOpen) return mistakes;
  const lost = [...states.keys()].filter((name) => !reached.has(name) && !IMPLIED.has(name));
  return [...mistakes, ...lost.map(unreachable)];
}

/** Every definition has these, whether anything leads there or not. */
const IMPLIED: ReadonlySet<string> = new Set(["successful", "failed"]);

function asFinding({ message, state, key }: StateMistake): Finding {
  return { severity: "error", message, path: [state, ...(key === undefined ? [] : keyPath(key))] };
}

function unreachable(name: string): Finding {
  return { severity: "warning", message: `Nothing leads to the state ${name}`, path: [name] };
}

/** `on_exit.1-3` is the key `1-3` of the table `on_exit`. */
function keyPath(key: string): TomlPath {
  const [first = "", ...rest] = key.split(".");
  return rest.length === 0 ? [first] : [first, rest.join(".")];
}

function offsetOf(text: string, detail: Readonly<Record<string, unknown>> | undefined): Span {
  const { line, column } = detail ?? {};
  if (typeof line !== "number" || typeof column !== "number") return START;
  const before = text.split("\n").slice(0, line - 1);
  const start = before.reduce((length, each) => length + each.length + 1, 0) + column - 1;
  return { start, end: start + 1 };
}
