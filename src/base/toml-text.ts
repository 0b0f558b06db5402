import { TomlDate } from "smol-toml";
import { isTomlTable, type TomlValue } from "./toml.ts";

/** A value as TOML text on one line: `"a"`, `5`, `["a", "b"]`, `{ a = 1 }`. */
export function tomlText(value: TomlValue): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatText(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(tomlText).join(", ")}]`;
  if (!isTomlTable(value)) return value instanceof TomlDate ? value.toISOString() : value.toString();
  const members = Object.entries(value).map(([key, member]) => `${tomlKey([key])} = ${tomlText(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

/** A dotted key; parts that need it are quoted. */
export function tomlKey(path: readonly string[]): string {
  return path.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : quoted(part))).join(".");
}

/** A JSON string is a TOML string but for DEL, which TOML wants escaped. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}
