import type { Json, JsonObject } from "./json.ts";
import { isTomlTable, type TomlTable, type TomlValue } from "./toml.ts";

/** A TOML value as JSON: dates become their RFC 3339 text, numbers that JSON does not have (`inf`, `nan`) become null. */
export function tomlToJson(value: TomlValue): Json {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return JSON.rawJSON(String(value));
  if (Array.isArray(value)) return value.map(tomlToJson);
  return isTomlTable(value) ? tomlTableToJson(value) : value.toJSON();
}

export function tomlTableToJson(table: TomlTable): JsonObject {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, tomlToJson(value)]));
}
