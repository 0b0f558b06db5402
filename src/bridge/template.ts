import { exhaustive } from "../base/exhaustive.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Span } from "../base/toml-place.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { mapperText, type ReferenceFault, type References } from "./references.ts";

/** A string of a rule file, taken apart (spec/bridges-and-mappers §2.3). */
export type Template = readonly TemplatePart[];

export type TemplatePart = { readonly kind: "text"; readonly text: string } | Reference;

/** `${tedge.<key>}`, `${mapper.<key>}` or `${item}`; `span` covers all of it. */
export type Reference =
  | { readonly kind: "tedge" | "mapper"; readonly key: string; readonly span: Span }
  | { readonly kind: "item"; readonly span: Span };

/** What `${…}` may name, as errors list it. */
export const EXPECTED_REFERENCES =
  "tedge config reference (e.g. 'tedge.c8y.url'), mapper config reference (e.g. 'mapper.device.id')";

/** Takes a string apart. A `$` that no `{` follows is literal. */
export function parseTemplate(text: string): Result<Template, Mistake> {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (;;) {
    const opening = text.indexOf("${", at);
    const literal = text.slice(at, opening === -1 ? undefined : opening);
    if (literal !== "") parts.push({ kind: "text", text: literal });
    if (opening === -1) return ok(parts);
    const reference = parseReference(text, opening);
    if (!reference.ok) return reference;
    parts.push(reference.value);
    at = reference.value.span.end;
  }
}

/** Reads the reference whose `${` stands at `opening`. */
export function parseReference(text: string, opening: number): Result<Reference, Mistake> {
  const variable = parseVariable(text, opening);
  if (!variable.ok) return variable;
  const { name, key, span } = variable.value;
  if ((name === "tedge" || name === "mapper") && key !== "") return ok({ kind: name, key, span });
  if (name === "item" && key === "") return ok({ kind: "item", span });
  return err(
    mistake(
      "syntax",
      `found '${text.slice(opening + 2, span.end - 1)}' expected ${EXPECTED_REFERENCES}, or 'item'`,
      span,
    ),
  );
}

/** What stands between `${` and `}`: the first identifier and the rest behind its dot. */
export interface Variable {
  readonly name: string;
  readonly key: string;
  readonly span: Span;
}

/** Reads identifiers joined by dots up to the closing brace. */
export function parseVariable(text: string, opening: number): Result<Variable, Mistake> {
  const start = opening + 2;
  let end = start;
  while (end < text.length && /[\p{Alphabetic}\p{Number}_.]/u.test(characterAt(text, end))) {
    end += characterAt(text, end).length;
  }
  if (end === text.length) {
    return err(mistake("syntax", "found end of input expected closing '}'", { start: opening, end }));
  }
  if (text[end] !== "}") {
    const wrong = characterAt(text, end);
    const span = { start: end, end: end + wrong.length };
    return err(mistake("syntax", `Invalid character in variable: '${wrong}'`, span));
  }
  const identifiers = text.slice(start, end).split(".");
  if (identifiers.includes("")) {
    return err(mistake("syntax", "found an empty identifier expected a name", { start: opening, end: end + 1 }));
  }
  const [name = "", ...rest] = identifiers;
  return ok({ name, key: rest.join("."), span: { start: opening, end: end + 1 } });
}

/** Fills a template in. `item` is the element of the loop; without it `${item}` is a mistake. */
export function expandTemplate(template: Template, references: References, item?: string): Result<string, Mistake> {
  let text = "";
  for (const part of template) {
    const value = expandPart(part, references, item);
    if (!value.ok) return value;
    text += value.value;
  }
  return ok(text);
}

/** Parses and fills in at once. */
export function expandText(text: string, references: References, item?: string): Result<string, Mistake> {
  const template = parseTemplate(text);
  return template.ok ? expandTemplate(template.value, references, item) : template;
}

/** A reference without a value, at its place. */
export function referenceMistake(cause: ReferenceFault, span: Span): Mistake {
  return mistake("invalid-reference", cause.message, span, cause.note);
}

function expandPart(part: TemplatePart, references: References, item: string | undefined): Result<string, Mistake> {
  switch (part.kind) {
    case "text":
      return ok(part.text);
    case "item":
      if (item !== undefined) return ok(item);
      return err(mistake("misplaced-item", "Variable 'item' is only valid inside template rules", part.span));
    case "tedge":
    case "mapper": {
      const value = part.kind === "tedge" ? references.tedge(part.key) : mapperText(references, part.key);
      return value.ok ? value : err(referenceMistake(value.fault, part.span));
    }
    default:
      return exhaustive(part);
  }
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}
