import type { Span } from "./toml-place.ts";

/** Line and column of an offset of a text, both from 1; columns count characters. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1 };
}

export interface Annotation {
  readonly file: string;
  readonly message: string;
  readonly span: Span;
  readonly note?: string;
  /** Default: error. */
  readonly severity?: "error" | "warning";
}

/**
 * Shows one place of a source text to a person:
 * ```
 * error: Unknown mapper config key 'devise.id'
 *   --> /etc/tedge/mappers/x/bridge/rules.toml:2:18
 *   |
 * 2 | remote_prefix = "${mapper.devise.id}/"
 *   |                  ^^^^^^^^^^^^^^^^^^^
 *   = note: 'devise.id' is not a recognised field — check for typos
 * ```
 */
export function excerpt(text: string, annotation: Annotation): string {
  const { line, column } = lineAndColumn(text, annotation.span.start);
  const source = (text.split("\n")[line - 1] ?? "").replace(/\r$/, "");
  const marked = [...text.slice(annotation.span.start, annotation.span.end)].length;
  const width = Math.max(1, Math.min(marked, [...source].length - column + 1));
  const margin = " ".repeat(String(line).length);
  return [
    `${annotation.severity ?? "error"}: ${annotation.message}`,
    `${margin}--> ${annotation.file}:${line}:${column}`,
    `${margin} |`,
    `${line} | ${source}`,
    `${margin} | ${indentLike(source, column - 1)}${"^".repeat(width)}`,
    ...(annotation.note === undefined ? [] : [`${margin} = note: ${annotation.note}`]),
  ].join("\n");
}

/** As many columns as the text before the mark takes, tabs kept, so that the underline stands right below. */
function indentLike(source: string, columns: number): string {
  return [...source]
    .slice(0, columns)
    .map((character) => (character === "\t" ? "\t" : " "))
    .join("");
}
