import { floatText } from "./float-text.ts";
import type { RawNumber } from "./json.ts";

/** A JSON number as spelled, in the lightest form that is written the same way again. */
export function jsonNumber(spelling: string): number | RawNumber {
  const value = Number(spelling);
  return String(value) === spelling ? value : JSON.rawJSON(spelling);
}

/** Whether a number is an integer for the reference: more than 64 bits, and `-0`, are decimal numbers for it. */
export function isInteger64(spelling: string): boolean {
  if (!/^-?\d+$/.test(spelling) || spelling === "-0") return false;
  if (spelling.length < SHORTEST_TOO_LONG) return true;
  const value = BigInt(spelling);
  return value >= MIN_INT64 && value <= MAX_UINT64;
}

/** ``integer `5` `` or ``floating point `2.0` ``, as the reference's parser calls a number in its complaints. */
export function numberKind(spelling: string): string {
  if (isInteger64(spelling)) return `integer \`${spelling}\``;
  return `floating point \`${floatText(Number(spelling))}\``;
}

export const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);
const SHORTEST_TOO_LONG = 20;
