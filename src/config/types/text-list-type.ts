import { ok, type Result } from "../../base/result.ts";
import { isTomlTable, parseToml, type TomlValue } from "../../base/toml.ts";
import { type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** `a,b`, whose items are trimmed and empty ones dropped, or the printed form `["a", "b"]`, taken as it stands. */
export const textListType: ValueType<readonly string[]> = {
  name: "list",
  parse(text) {
    return ok(printedItems(text) ?? items(text));
  },
  print: (value) => `[${value.map((item) => JSON.stringify(item)).join(", ")}]`,
  fromToml(value) {
    if (typeof value === "string") return ok(items(value));
    return Array.isArray(value) ? stringsOf(value) : wrongKind(value, "a list of strings");
  },
  toToml: (value) => value,
  members: {
    add: (current, more) => [...new Set([...current, ...more])].sort(byBytes),
    remove: (current, less) => current.filter((item) => !less.includes(item)),
  },
};

function items(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function printedItems(text: string): readonly string[] | undefined {
  if (!text.trim().startsWith("[")) return undefined;
  const table = parseToml(`list = ${text}`);
  if (!table.ok || !isTomlTable(table.value) || !Array.isArray(table.value.list)) return undefined;
  const strings = stringsOf(table.value.list);
  return strings.ok ? strings.value : undefined;
}

function stringsOf(values: readonly TomlValue[]): Result<readonly string[], ValueFault> {
  const strings: string[] = [];
  for (const value of values) {
    if (typeof value !== "string") return wrongKind(value, "a string");
    strings.push(value);
  }
  return ok(strings);
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
