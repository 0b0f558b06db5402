import { type AST, parseTOML } from "toml-eslint-parser";

/** Where something is in a TOML value: keys of tables and indexes of arrays, from the top. */
export type TomlPath = readonly (string | number)[];

/** A stretch of a text in UTF-16 code units; `end` is behind its last one. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the places of values in TOML text that was parsed before, for error messages. A value that is missing has the place of the nearest table
 * above it: its header, or the start of the text. `within` narrows the place of a string to a part of its value; with escapes in the text it stays whole.
 */
export function tomlPlaces(text: string): (path: TomlPath, within?: Span) => Span {
  const top = topLevel(text);
  return (path, within) => {
    const found = top === undefined ? undefined : findInTable(top, path);
    if (found === undefined) return START;
    const span = rangeOf(found);
    if (within === undefined || found.type !== "TOMLValue" || found.kind !== "string") return span;
    const from = text.indexOf(found.value, span.start);
    if (from === -1 || from + found.value.length > span.end) return span;
    return { start: from + within.start, end: Math.max(from + within.end, from + within.start + 1) };
  };
}

/** The place of the key itself, for a key that must not be there. */
export function tomlKeyPlace(text: string, path: TomlPath): Span {
  const top = topLevel(text);
  if (top === undefined) return START;
  const entry = entriesBelow(top, path.slice(0, -1)).find((one) => namesOf(one.key)[0] === path.at(-1));
  return rangeOf(entry === undefined ? findInTable(top, path) : entry.key);
}

const START: Span = { start: 0, end: 0 };

/** `undefined` where this parser is stricter than the one that gave the values: then there is no better place than the start. */
function topLevel(text: string): AST.TOMLTopLevelTable | undefined {
  try {
    return parseTOML(text, { tomlVersion: "1.1" }).body[0];
  } catch {
    return undefined;
  }
}

type Found = AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLContentNode;

function findInTable(top: AST.TOMLTopLevelTable, path: TomlPath): Found {
  const found = findBelow(top, path);
  if (found.type !== "TOMLTopLevelTable" || path.length === 0) return found;
  return tablesOf(top).find((table) => startsWith(table.resolvedKey, path)) ?? found;
}

function findBelow(top: AST.TOMLTopLevelTable, path: TomlPath): Found {
  const [nearest] = tablesOf(top)
    .filter((table) => startsWith(path, table.resolvedKey))
    .sort((left, right) => right.resolvedKey.length - left.resolvedKey.length);
  if (nearest === undefined) return findInEntries(top, top.body, path);
  return findInEntries(nearest, nearest.body, path.slice(nearest.resolvedKey.length));
}

function tablesOf(top: AST.TOMLTopLevelTable): readonly AST.TOMLTable[] {
  return top.body.filter((node) => node.type === "TOMLTable");
}

function findInEntries(owner: Found, nodes: readonly AST.TOMLNode[], path: TomlPath): Found {
  if (path.length === 0) return owner;
  for (const node of nodes) {
    if (node.type !== "TOMLKeyValue") continue;
    const names = namesOf(node.key);
    if (startsWith(path, names)) return findInContent(node.value, path.slice(names.length));
  }
  return owner;
}

function findInContent(node: AST.TOMLContentNode, path: TomlPath): Found {
  const [first] = path;
  if (node.type === "TOMLInlineTable") return findInEntries(node, node.body, path);
  const element = node.type === "TOMLArray" && typeof first === "number" ? node.elements[first] : undefined;
  return element === undefined ? node : findInContent(element, path.slice(1));
}

function entriesBelow(top: AST.TOMLTopLevelTable, path: TomlPath): readonly AST.TOMLKeyValue[] {
  const owner = findInTable(top, path);
  const body = owner.type === "TOMLValue" || owner.type === "TOMLArray" ? [] : owner.body;
  return body.filter((node) => node.type === "TOMLKeyValue");
}

function namesOf(key: AST.TOMLKey): readonly string[] {
  return key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value));
}

function startsWith(path: TomlPath, beginning: TomlPath): boolean {
  return beginning.length <= path.length && beginning.every((part, index) => part === path[index]);
}

function rangeOf(node: AST.TOMLNode): Span {
  if (node.type === "TOMLTopLevelTable") return START;
  const [start, end] = node.type === "TOMLTable" ? node.key.range : node.range;
  return { start, end };
}
