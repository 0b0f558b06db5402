import * as v from "valibot";
import { lineAndColumn } from "../../base/excerpt.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { TomlTable, TomlValue } from "../../base/toml.ts";
import { type TomlPath, tomlPlaces } from "../../base/toml-place.ts";
import { ENTITY_TYPES } from "./definition.ts";

/** What makes a definition ill-formed; the message is one of spec/operations §3.7 and ends up in the reason of commands. */
export interface DefinitionFault extends Fault<"ill-formed"> {
  /** Where the mistake is: in the file when the message tells that too, else below the state. */
  readonly place?: TomlPath;
}

export function illFormed(message: string, ...place: TomlPath): Result<never, DefinitionFault> {
  return err({ ...fault("ill-formed", message), place });
}

const HANDLER = v.union([v.string(), v.object({ status: v.string(), reason: v.optional(v.string()) })]);
export type HandlerEntry = v.InferOutput<typeof HANDLER>;

const SECONDS = v.pipe(v.number(), v.integer(), v.minValue(0));

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const DEFAULTS = v.object({
  // A table of this name is a state.
  type: v.optional(v.union([v.picklist(ENTITY_TYPES), v.custom<object>(isTable)])),
  on_error: v.optional(HANDLER),
  on_timeout: v.optional(HANDLER),
  timeout_second: v.optional(SECONDS),
});
/** What states inherit from the top level (spec/operations §3.6). */
export type DefaultsTable = v.InferOutput<typeof DEFAULTS>;

const STATE = v.object({
  script: v.optional(v.string()),
  background_script: v.optional(v.string()),
  operation: v.optional(v.string()),
  iterate: v.optional(v.string()),
  action: v.optional(v.string()),
  input_script: v.optional(v.string()),
  on_success: v.optional(HANDLER),
  on_error: v.optional(HANDLER),
  on_kill: v.optional(HANDLER),
  on_timeout: v.optional(HANDLER),
  on_exec: v.optional(HANDLER),
  on_next: v.optional(HANDLER),
  on_exit: v.optional(v.record(v.string(), HANDLER)),
  on_stdout: v.optional(v.array(v.string())),
  timeout_second: v.optional(SECONDS),
});

/** One state as written, its types checked. `input` and `output` are still what the file says. */
export type StateTable = v.InferOutput<typeof STATE> & {
  readonly input?: TomlValue | undefined;
  readonly output?: TomlValue | undefined;
};

/** Checks the types of the top level. `text` is the whole file, for the place of a mistake. */
export function parseDefaultsTable(text: string, table: TomlTable): Result<DefaultsTable, DefinitionFault> {
  const parsed = v.safeParse(DEFAULTS, table);
  return parsed.success ? ok(parsed.output) : typeFault(text, [], parsed.issues[0]);
}

/** Checks the types of one state. */
export function parseStateTable(text: string, name: string, table: TomlTable): Result<StateTable, DefinitionFault> {
  const parsed = v.safeParse(STATE, table);
  if (!parsed.success) return typeFault(text, [name], parsed.issues[0]);
  return ok({ ...parsed.output, input: table.input, output: table.output });
}

/** A mistake at a place of the file, told as the TOML parser tells its own. */
export function mistakeAt(text: string, path: TomlPath, message: string): Result<never, DefinitionFault> {
  const { line, column } = lineAndColumn(text, tomlPlaces(text)(path).start);
  return illFormed(`TOML parse error at line ${line}, column ${column}: ${message}`, ...path);
}

function typeFault(text: string, above: TomlPath, issue: v.BaseIssue<unknown>): Result<never, DefinitionFault> {
  const path = [...above.map(String), ...(issue.path ?? []).map((item) => String(item.key))];
  return mistakeAt(text, path, `${path.join(".")}: expected ${expectation(path, issue)}`);
}

/** What belongs there in the words of the person who writes the file. */
function expectation(path: readonly string[], issue: v.BaseIssue<unknown>): string {
  if (path.includes("timeout_second")) return "a number of seconds, 0 or more";
  if (path.includes("on_stdout")) return "a list of states";
  if (path.length === 1 && path[0] === "type") return ENTITY_TYPES.map((type) => JSON.stringify(type)).join(", ");
  if (issue.type === "union") return "a state or { status = …, reason = … }";
  return (issue.expected ?? "another type").toLowerCase();
}
