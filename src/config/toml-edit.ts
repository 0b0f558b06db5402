import { type Fault, fault } from "../base/fault.ts";
import { sameJson } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, parseToml, type TomlTable, type TomlValue } from "../base/toml.ts";
import { tomlTableToJson } from "../base/toml-json.ts";
import { tomlKey, tomlText } from "../base/toml-text.ts";
import { insertion } from "./toml-insertion.ts";
import { allEntries, lineEnd, outlineToml, samePath, startsWith, type TomlEntry } from "./toml-outline.ts";
import { removal } from "./toml-removal.ts";
import type { StoredValue } from "./value-type.ts";

export type TomlEditFault = Fault<"invalid-toml" | "cannot-edit">;

/** Gives a key a value. Everything else of the text stays as it is, byte by byte. */
export function setTomlValue(text: string, path: readonly string[], value: StoredValue): Result<string, TomlEditFault> {
  const stored: TomlValue = typeof value === "object" ? [...value] : value;
  return edit(
    text,
    path,
    (table) => withValue(table, path, stored),
    (entry) => {
      if (entry === undefined) return insertion(outlineToml(text), path, tomlText(stored));
      return splice(text, entry.value, tomlText(stored));
    },
  );
}

/** Takes away a key, or a table with all that is in it. A header that has nothing left below it goes too. */
export function removeTomlKey(text: string, path: readonly string[]): Result<string, TomlEditFault> {
  return edit(
    text,
    path,
    (table) => withoutPath(table, path),
    () => removal(outlineToml(text), path),
  );
}

/** Gives a key another name; its value keeps its spelling and the comment behind it. Nothing happens when there is no such key. */
export function moveTomlKey(
  text: string,
  from: readonly string[],
  to: readonly string[],
): Result<string, TomlEditFault> {
  const outline = parseToml(text).ok ? outlineToml(text) : undefined;
  const section = outline?.sections.find((one) => one.entries.some((entry) => samePath(entry.path, from)));
  const moved = (table: TomlTable) => {
    const value = valueAt(table, from);
    return value === undefined ? table : withValue(withoutPath(table, from), to, value);
  };
  if (section !== undefined && startsWith(to, section.path) && to.length > section.path.length) {
    const key = tomlKey(to.slice(section.path.length));
    const renamed = edit(text, from, moved, (entry) => (entry === undefined ? text : splice(text, entry.key, key)));
    if (renamed.ok) return renamed;
  }
  return edit(text, from, moved, (entry) => {
    if (entry === undefined) return text;
    const rest = text.slice(entry.value[1], lineEnd(text, entry.value[1])).trimEnd();
    const comment = rest.trimStart().startsWith("#") ? rest : "";
    return insertion(outlineToml(removal(outlineToml(text), from)), to, text.slice(...entry.value), comment);
  });
}

/** The value at a path of a table; `undefined` when there is none. */
export function valueAt(table: TomlTable, path: readonly string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const part of path) value = isTomlTable(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** Makes a change and makes sure that the outcome means what it should, so that no file is ever damaged. */
function edit(
  text: string,
  path: readonly string[],
  meaning: (table: TomlTable) => TomlTable,
  change: (entry: TomlEntry | undefined) => string,
): Result<string, TomlEditFault> {
  const before = parseToml(text);
  if (!before.ok) return before;
  const entry = [...allEntries(outlineToml(text))].find((one) => samePath(one.path, path));
  const changed = change(entry);
  const after = parseToml(changed);
  if (after.ok && sameMeaning(after.value, meaning(before.value))) return ok(changed);
  return err(fault("cannot-edit", `Cannot change '${path.join(".")}' where it stands; please edit the file by hand`));
}

function splice(text: string, [start, end]: readonly [number, number], replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function sameMeaning(left: TomlTable, right: TomlTable): boolean {
  return sameJson(tomlTableToJson(pruned(left)), tomlTableToJson(pruned(right)));
}

/** Without tables that hold nothing, since these mean nothing. */
function pruned(table: TomlTable): TomlTable {
  const members: TomlTable = {};
  for (const [key, value] of Object.entries(table)) {
    const kept = isTomlTable(value) ? pruned(value) : value;
    if (!isTomlTable(kept) || Object.keys(kept).length > 0) members[key] = kept;
  }
  return members;
}

function withValue(table: TomlTable, path: readonly string[], value: TomlValue): TomlTable {
  const [first, ...rest] = path;
  if (first === undefined) return table;
  const below = table[first];
  return { ...table, [first]: rest.length === 0 ? value : withValue(isTomlTable(below) ? below : {}, rest, value) };
}

function withoutPath(table: TomlTable, path: readonly string[]): TomlTable {
  const [first, ...rest] = path;
  if (first === undefined || !Object.hasOwn(table, first)) return table;
  const { [first]: below, ...others } = table;
  if (rest.length === 0) return others;
  return isTomlTable(below) ? { ...table, [first]: withoutPath(below, rest) } : table;
}
