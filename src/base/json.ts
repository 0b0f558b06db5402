import { type Fault, fault, toFault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * JSON that keeps numbers as they were written: `9007199254740993` and `2.0` come out with the same digits
 * (spec/http-api §3.1, spec/mqtt-api §7). A number that a double cannot spell the same way is a `RawNumber`.
 */
export type Json = null | boolean | number | string | RawNumber | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** A number literal kept as text; made by `JSON.rawJSON`, so `JSON.stringify` writes it unchanged. */
export interface RawNumber {
  readonly rawJSON: string;
}

declare global {
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(value: unknown): value is RawNumber;
  }
}

/** Strict JSON, nested no deeper than the stack of this runtime takes. Code `invalid-json`. A duplicate key keeps the last value. */
export function parseJson(text: string): Result<Json, Fault<"invalid-json">> {
  try {
    return ok(JSON.parse(text, keepSpelling) as Json);
  } catch (thrown) {
    const reason =
      thrown instanceof RangeError ? "recursion limit exceeded: nested too deeply" : toFault(thrown).message;
    return err(fault("invalid-json", reason));
  }
}

/** Compact JSON, keys in the order of the object. */
export function stringifyJson(value: Json): string {
  return JSON.stringify(value);
}

/** Compact JSON with the keys of every object in lexical order, as the reference writes what it builds from maps (spec/mqtt-api §1). */
export function stringifySorted(value: Json): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isPlainObject(inner) ? sortKeys(inner) : inner));
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** Equal as JSON: the order of keys does not count, the spelling of numbers does. */
export function sameJson(left: Json, right: Json): boolean {
  return stringifySorted(left) === stringifySorted(right);
}

function keepSpelling(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  return String(value) === context.source ? value : JSON.rawJSON(context.source);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

function sortKeys(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)),
  );
}
