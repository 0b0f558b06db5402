import { err, ok, type Result } from "../base/result.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { type AuthMethod, mapperBoolean, type References, tedgeBoolean } from "./references.ts";
import { EXPECTED_REFERENCES, parseVariable, referenceMistake, type Variable } from "./template.ts";

/** Says whether an `if` holds: a boolean reference, its negation, or a comparison of the auth method (spec/bridges-and-mappers §2.5). */
export function evaluateCondition(text: string, references: References): Result<boolean, Mistake> {
  const cursor = { text, at: 0 };
  const negated = take(cursor, "!");
  if (peek(cursor, 2) !== "${") return err(unexpected(cursor, negated ? "'${'" : "'${' or '!'"));
  const variable = parseVariable(text, cursor.at);
  if (!variable.ok) return variable;
  cursor.at = variable.value.span.end;
  if (!negated && variable.value.name === "connection" && variable.value.key === "auth_method") {
    return compareAuthMethod(cursor, references.authMethod);
  }
  const value = booleanOf(variable.value, text, references);
  if (!value.ok) return value;
  return peek(cursor, 1) === "" ? ok(value.value !== negated) : err(unexpected(cursor, "end of input"));
}

interface Cursor {
  readonly text: string;
  at: number;
}

function booleanOf(variable: Variable, text: string, references: References): Result<boolean, Mistake> {
  const { name, key, span } = variable;
  if ((name !== "tedge" && name !== "mapper") || key === "") {
    const found = text.slice(span.start + 2, span.end - 1);
    return err(
      mistake("syntax", `found '${found}' expected ${EXPECTED_REFERENCES}, or 'connection.auth_method'`, span),
    );
  }
  const value = name === "tedge" ? tedgeBoolean(references, key) : mapperBoolean(references, key);
  return value.ok ? value : err(referenceMistake(value.fault, span));
}

function compareAuthMethod(cursor: Cursor, authMethod: AuthMethod): Result<boolean, Mistake> {
  if (!take(cursor, "==")) return err(unexpected(cursor, "'=='"));
  if (peek(cursor, 1) !== "'") return err(unexpected(cursor, "a value in single quotes"));
  const closing = cursor.text.indexOf("'", cursor.at + 1);
  if (closing === -1) {
    const span = { start: cursor.at, end: cursor.text.length };
    return err(mistake("syntax", "found end of input expected closing '''", span));
  }
  const wanted = cursor.text.slice(cursor.at + 1, closing);
  const span = { start: cursor.at, end: closing + 1 };
  cursor.at = closing + 1;
  if (wanted !== "certificate" && wanted !== "password") {
    return err(mistake("syntax", `expected 'certificate' or 'password', got '${wanted}'`, span));
  }
  return peek(cursor, 1) === "" ? ok(wanted === authMethod) : err(unexpected(cursor, "end of input"));
}

/** The next `length` characters behind blanks; the cursor moves over the blanks. */
function peek(cursor: Cursor, length: number): string {
  while (/\s/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
  return cursor.text.slice(cursor.at, cursor.at + length);
}

function take(cursor: Cursor, token: string): boolean {
  if (peek(cursor, token.length) !== token) return false;
  cursor.at += token.length;
  return true;
}

function unexpected(cursor: Cursor, expected: string): Mistake {
  const rest = cursor.text.slice(cursor.at);
  const [token = ""] = /^(?:[=!&|<>]+|\w+|.)/su.exec(rest) ?? [];
  const found = token === "" ? "end of input" : `'${token}'`;
  return mistake("syntax", `found ${found} expected ${expected}`, {
    start: cursor.at,
    end: cursor.at + Math.max(1, token.length),
  });
}
