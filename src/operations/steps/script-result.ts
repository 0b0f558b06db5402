import type { Exit } from "../../base/exec.ts";
import type { Fault } from "../../base/fault.ts";
import { type Json, parseJson } from "../../base/json.ts";
import type { Result } from "../../base/result.ts";

/** How the run of a script ended. */
export type ScriptResult = Result<Exit, Fault<"launch-failed">>;

/** What a script hands to the workflow on its standard output. */
export type ScriptOutput =
  | { readonly kind: "json"; readonly value: Json }
  /** `why` completes ``Program `P` stdout …``. */
  | { readonly kind: "unusable"; readonly why: string };

const BEGIN = ":::begin-tedge:::\n";
const END = "\n:::end-tedge:::";

/** The JSON between the first `:::begin-tedge:::` and the next `:::end-tedge:::`; all else is free text (spec/operations §4.2). */
export function readScriptOutput(stdout: Uint8Array): ScriptOutput {
  const text = decode(stdout);
  if (text === undefined) return { kind: "unusable", why: "is not UTF8" };
  const begin = text.indexOf(BEGIN);
  const end = begin === -1 ? -1 : text.indexOf(END, begin + BEGIN.length);
  if (end === -1) return { kind: "unusable", why: "contains no :::tedge::: content" };
  const json = parseJson(text.slice(begin + BEGIN.length, end));
  return json.ok
    ? { kind: "json", value: json.value }
    : { kind: "unusable", why: `is not valid JSON: ${json.fault.message}` };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
