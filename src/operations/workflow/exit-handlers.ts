import { ok, type Result } from "../../base/result.ts";
import type { ExitHandlers, ExitRange, Handler } from "./definition.ts";
import {
  type DefaultsTable,
  type DefinitionFault,
  type HandlerEntry,
  illFormed,
  type StateTable,
} from "./state-table.ts";

export function handlerOf(entry: HandlerEntry): Handler {
  if (typeof entry === "string") return { status: entry };
  return { status: entry.status, ...(entry.reason === undefined ? {} : { reason: entry.reason }) };
}

/** The handlers of a script, checked against each other with the texts of spec/operations §3.7. */
export function parseExitHandlers(state: StateTable, defaults: DefaultsTable): Result<ExitHandlers, DefinitionFault> {
  const codes = parseCodes(state.on_exit ?? {});
  if (!codes.ok) return codes;
  const { ranges, other } = codes.value;
  const exitZero = ranges.find((range) => range.from === 0)?.handler;
  if (state.on_success !== undefined && exitZero !== undefined) {
    return illFormed("Successful handler provided for 'on_success' and 'on_exit.0'", "on_success");
  }
  if (state.on_error !== undefined && other !== undefined) {
    return illFormed("Error handler provided for 'on_error' and 'on_exit._'", "on_error");
  }
  const success = state.on_success === undefined ? exitZero : handlerOf(state.on_success);
  const names = state.on_stdout ?? [];
  if (names.length > 0 && success !== undefined) {
    return illFormed("Successful handler provided for 'on_success' and 'on_stdout'", "on_stdout");
  }
  const error = state.on_error ?? defaults.on_error;
  return ok({
    codes: ranges,
    error: other ?? (error === undefined ? { status: "failed" } : handlerOf(error)),
    ...(success === undefined ? {} : { success }),
    ...(state.on_kill === undefined ? {} : { kill: handlerOf(state.on_kill) }),
    ...(names.length === 0 ? {} : { stdout: names }),
  });
}

interface Codes {
  readonly ranges: readonly ExitRange[];
  /** `on_exit._` */
  readonly other?: Handler;
}

function parseCodes(entries: Readonly<Record<string, HandlerEntry>>): Result<Codes, DefinitionFault> {
  const ranges: ExitRange[] = [];
  let other: Handler | undefined;
  for (const [key, entry] of Object.entries(entries)) {
    const handler = handlerOf(entry);
    if (key === "_") {
      other = handler;
      continue;
    }
    const range = parseRange(key, handler);
    if (!range.ok) return range;
    ranges.push(range.value);
  }
  ranges.sort((left, right) => left.from - right.from);
  const overlapped = ranges.find((range, index) => (ranges[index + 1]?.from ?? 256) <= range.to);
  if (overlapped === undefined) return ok({ ranges, ...(other === undefined ? {} : { other }) });
  const { from, to } = overlapped;
  return illFormed(`Overlapping handlers provided for '${from}-${to}' and 'second' exit code ranges`, "on_exit");
}

function parseRange(key: string, handler: Handler): Result<ExitRange, DefinitionFault> {
  const dash = key.indexOf("-");
  const [first, last] = dash === -1 ? [key, key] : [key.slice(0, dash), key.slice(dash + 1)];
  for (const code of [first, last]) {
    const mistake = codeMistake(code);
    if (mistake !== undefined) return illFormed(`invalid exit: ${key}: ${mistake}`, "on_exit", key);
  }
  const [from, to] = [Number(first), Number(last)];
  if (from > to) return illFormed(`Invalid exit code range '${from}-${to}' as ${from}>${to}`, "on_exit", key);
  return ok({ from, to, handler });
}

function codeMistake(code: string): string | undefined {
  if (code === "") return "cannot parse integer from empty string";
  if (!/^\+?\d+$/.test(code)) return "invalid digit found in string";
  return Number(code) > 255 ? "number too large to fit in target type" : undefined;
}
