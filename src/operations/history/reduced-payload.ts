import { isJsonObject, type Json, type JsonObject, stringifyJson } from "../../base/json.ts";

/** Characters of JSON. */
const LONGEST_TEXT = 512;
const LONGEST_PAYLOAD = 4_096;

/** Names of members that nobody should find in a history. */
const SECRET = /passw|secret|token|credential|private|api_?key|authorization/i;

/** A payload as it may be kept: without secrets and without what is behind `?` in URLs, where those are too; of bounded size. */
export function reducedPayload(payload: JsonObject): JsonObject {
  const reduced = reduceObject(payload);
  if (stringifyJson(reduced).length <= LONGEST_PAYLOAD) return reduced;
  const shortened = Object.fromEntries(
    Object.entries(reduced).map(([key, value]) => {
      const { length } = stringifyJson(value);
      return [key, length <= LONGEST_TEXT ? value : `… (${length} characters)`];
    }),
  );
  if (stringifyJson(shortened).length <= LONGEST_PAYLOAD) return shortened;
  return Object.fromEntries(Object.entries(shortened).filter(([key]) => ALWAYS.has(key)));
}

const ALWAYS: ReadonlySet<string> = new Set(["status", "reason", "logPath", "@version"]);

function reduceObject(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, SECRET.test(key) ? "***" : reduce(value)]),
  );
}

function reduce(value: Json): Json {
  if (typeof value === "string") return reduceText(value);
  if (isArray(value)) return value.map(reduce);
  return isJsonObject(value) ? reduceObject(value) : value;
}

function reduceText(text: string): string {
  const safe = text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@]*@)?([^\s?#]*)(?:[?#]\S*)?/gi, "$1$2");
  return safe.length <= LONGEST_TEXT ? safe : `${safe.slice(0, LONGEST_TEXT)}…`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
