import { type AST, parseTOML } from "toml-eslint-parser";

/** Where the keys of a TOML text stand. Offsets are UTF-16 code units; arrays of tables are left out, since nothing is edited there. */
export interface TomlOutline {
  readonly text: string;
  readonly eol: string;
  /** The part before the first header, then the part below each header. */
  readonly sections: readonly TomlSection[];
}

export interface TomlSection {
  /** Empty for the part before the first header. */
  readonly path: readonly string[];
  /** Offset of the line of the header, or 0. */
  readonly start: number;
  /** Behind the line of the header, or 0. */
  readonly bodyStart: number;
  /** Where the next header's line begins, or the end of the text. */
  readonly end: number;
  readonly entries: readonly TomlEntry[];
}

/** One `key = value`. */
export interface TomlEntry {
  /** From the top, the path of the section included. */
  readonly path: readonly string[];
  readonly range: Range;
  readonly key: Range;
  readonly value: Range;
  /** The entries of an inline table; `undefined` for any other value. */
  readonly members: readonly TomlEntry[] | undefined;
}

export type Range = readonly [start: number, end: number];

/** Takes a text apart that was parsed before; throws when it is no TOML. */
export function outlineToml(text: string): TomlOutline {
  const [top] = parseTOML(text, { tomlVersion: "1.1" }).body;
  const headers = top.body.filter((node) => node.type === "TOMLTable");
  const starts = [0, ...headers.map((header) => lineStart(text, header.range[0]))];
  const sections = [
    section(text, [], top.body, { start: 0, bodyStart: 0, end: starts[1] ?? text.length }),
    ...headers.flatMap((header, index) => {
      const path = plainPath(header);
      const end = starts[index + 2] ?? text.length;
      const place = { start: lineStart(text, header.range[0]), bodyStart: lineEnd(text, header.key.range[1]), end };
      return path === undefined ? [] : [section(text, path, header.body, place)];
    }),
  ];
  return { text, eol: text.includes("\r\n") ? "\r\n" : "\n", sections };
}

/** All entries, those of inline tables too, outer ones first. */
export function* allEntries(outline: TomlOutline): Generator<TomlEntry> {
  for (const { entries } of outline.sections) yield* withMembers(entries);
}

export function startsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= path.length && beginning.every((part, index) => part === path[index]);
}

export function samePath(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && startsWith(left, right);
}

/** Offset of the beginning of the line. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Offset behind the end of the line, its newline included. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline === -1 ? text.length : newline + 1;
}

function* withMembers(entries: readonly TomlEntry[]): Generator<TomlEntry> {
  for (const entry of entries) {
    yield entry;
    if (entry.members !== undefined) yield* withMembers(entry.members);
  }
}

function section(
  text: string,
  path: readonly string[],
  body: readonly AST.TOMLNode[],
  place: { readonly start: number; readonly bodyStart: number; readonly end: number },
): TomlSection {
  return { path, ...place, entries: entriesOf(body, path), bodyStart: Math.min(place.bodyStart, text.length) };
}

function entriesOf(body: readonly AST.TOMLNode[], above: readonly string[]): TomlEntry[] {
  return body.flatMap((node) => (node.type === "TOMLKeyValue" ? [entryOf(node, above)] : []));
}

function entryOf(node: AST.TOMLKeyValue, above: readonly string[]): TomlEntry {
  const names = node.key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value));
  const path = [...above, ...names];
  const { value } = node;
  return {
    path,
    range: node.range,
    key: node.key.range,
    value: value.range,
    members: value.type === "TOMLInlineTable" ? entriesOf(value.body, path) : undefined,
  };
}

function plainPath(header: AST.TOMLTable): string[] | undefined {
  const names: string[] = [];
  for (const part of header.resolvedKey) {
    if (typeof part === "number") return undefined;
    names.push(part);
  }
  return names;
}
