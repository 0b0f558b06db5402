import { tomlKey } from "../base/toml-text.ts";
import {
  allEntries,
  lineEnd,
  lineStart,
  startsWith,
  type TomlEntry,
  type TomlOutline,
  type TomlSection,
} from "./toml-outline.ts";

/**
 * Puts a new key where a person would: into the inline table or next to the dotted keys that already make up its table, below its header,
 * or below a new header at the end. A comment goes behind the value, but not into an inline table.
 */
export function insertion(outline: TomlOutline, path: readonly string[], text: string, comment = ""): string {
  const inline = enclosingInlineTable(outline, path);
  if (inline !== undefined) return insideInlineTable(outline, inline, path, text);
  const value = text + comment;
  const parent = path.slice(0, -1);
  const section = nearestSection(outline, parent);
  const sibling = nearestSibling(outline, parent);
  if (sibling !== undefined && sibling.shared > section.path.length) {
    return afterEntry(outline, sibling.entry, line(sibling.section, path, value));
  }
  if (parent.length > 0 && needsHeader(outline, section, parent)) return atEnd(outline, path, value);
  const last = section.entries.at(-1);
  if (last !== undefined) return afterEntry(outline, last, line(section, path, value));
  const at = section.path.length === 0 && outline.sections.length === 1 ? outline.text.length : section.bodyStart;
  return insertLine(outline, at, line(section, path, value));
}

/** A table without any header above needs one; so does a table that so far exists only as the parent of other headers. */
function needsHeader(outline: TomlOutline, section: TomlSection, parent: readonly string[]): boolean {
  if (section.path.length === 0) return true;
  return outline.sections.some((other) => sharedLength(other.path, parent) > section.path.length);
}

function enclosingInlineTable(outline: TomlOutline, path: readonly string[]): TomlEntry | undefined {
  return [...allEntries(outline)].findLast((entry) => entry.members !== undefined && startsWith(path, entry.path));
}

function insideInlineTable(outline: TomlOutline, table: TomlEntry, path: readonly string[], value: string): string {
  const { text } = outline;
  const member = `${tomlKey(path.slice(table.path.length))} = ${value}`;
  const last = table.members?.at(-1);
  if (last === undefined) return `${text.slice(0, table.value[0])}{ ${member} }${text.slice(table.value[1])}`;
  return `${text.slice(0, last.range[1])}, ${member}${text.slice(last.range[1])}`;
}

/** The deepest header that the key can stand below; if there is none, the part before the first header. */
function nearestSection(outline: TomlOutline, parent: readonly string[]): TomlSection {
  const [root, ...others] = outline.sections;
  if (root === undefined) throw new Error("An outline has at least the part before the first header");
  return others
    .filter((section) => startsWith(parent, section.path))
    .reduce((best, section) => (section.path.length > best.path.length ? section : best), root);
}

/** The last entry whose dotted key makes up most of the table that the new key belongs to. */
function nearestSibling(outline: TomlOutline, parent: readonly string[]) {
  let best: { readonly section: TomlSection; readonly entry: TomlEntry; readonly shared: number } | undefined;
  for (const section of outline.sections) {
    for (const entry of section.entries) {
      const shared = sharedLength(entry.path.slice(0, -1), parent);
      if (shared > section.path.length && shared >= (best?.shared ?? 0)) best = { section, entry, shared };
    }
  }
  return best;
}

function sharedLength(left: readonly string[], right: readonly string[]): number {
  const different = left.findIndex((part, index) => part !== right[index]);
  return different === -1 ? left.length : different;
}

function line(section: TomlSection, path: readonly string[], value: string): string {
  return `${tomlKey(path.slice(section.path.length))} = ${value}`;
}

function afterEntry(outline: TomlOutline, entry: TomlEntry, added: string): string {
  const { text } = outline;
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, entry.range[0])))?.[0] ?? "";
  return insertLine(outline, lineEnd(text, entry.range[1]), indent + added);
}

function insertLine({ text, eol }: TomlOutline, at: number, added: string): string {
  const before = text.slice(0, at);
  return `${before}${before === "" || before.endsWith("\n") ? "" : eol}${added}${eol}${text.slice(at)}`;
}

function atEnd({ text, eol }: TomlOutline, path: readonly string[], value: string): string {
  const parent = path.slice(0, -1);
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol;
  return `${text}${gap}[${tomlKey(parent)}]${eol}${tomlKey(path.slice(-1))} = ${value}${eol}`;
}
