import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { TomlValue } from "../base/toml.ts";

/** What the strings of a rule file may refer to (spec/bridges-and-mappers §2.3-2.5). Whoever loads rules brings the configuration behind it. */
export interface References {
  /** The string that `tedge config get <key>` prints, of the profile's key where there is one. */
  readonly tedge: (key: string) => Result<string, ReferenceFault>;
  /** A key whose value is a set of strings. */
  readonly tedgeList: (key: string) => Result<readonly string[], ReferenceFault>;
  /** A value of the effective configuration of the mapper, tables joined by dots. */
  readonly mapper: (path: string) => Result<TomlValue, ReferenceFault>;
  readonly authMethod: AuthMethod;
}

/** How the remote side is told who we are, once `auto` is resolved. */
export type AuthMethod = "certificate" | "password";

export type ReferenceFaultCode = "unknown-key" | "unset-key" | "not-a-table" | "wrong-type";

/** Why a reference has no value; `note` says what to do about it. */
export interface ReferenceFault extends Fault<ReferenceFaultCode> {
  readonly note?: string;
}

export function referenceFault(code: ReferenceFaultCode, message: string, note?: string): ReferenceFault {
  return { ...fault(code, message), ...(note === undefined ? {} : { note }) };
}

/** For `References.tedge`: a key that exists and has no value. */
export function unsetTedgeKey(key: string): ReferenceFault {
  return referenceFault(
    "unset-key",
    `A value for '${key}' is not set`,
    `A value can be set with \`tedge config set ${key} <value>\``,
  );
}

/** The value of `${mapper.<path>}` as text; only scalars have one. */
export function mapperText(references: References, path: string): Result<string, ReferenceFault> {
  const found = references.mapper(path);
  if (!found.ok) return found;
  const text = scalarText(found.value);
  return text === undefined
    ? err(referenceFault("wrong-type", `Mapper config key '${path}' is not a scalar value`))
    : ok(text);
}

/** The value of `${mapper.<path>}` as a list of strings. */
export function mapperList(references: References, path: string): Result<readonly string[], ReferenceFault> {
  const found = references.mapper(path);
  if (!found.ok) return found;
  if (!Array.isArray(found.value)) {
    return err(referenceFault("wrong-type", `Mapper config key '${path}' is not an array`));
  }
  const items: string[] = [];
  for (const element of found.value) {
    if (typeof element !== "string") {
      const shown = scalarText(element) ?? JSON.stringify(element);
      return err(referenceFault("wrong-type", `Mapper config key '${path}' contains a non-string element: ${shown}`));
    }
    items.push(element);
  }
  return ok(items);
}

const NOTE_BOOLEAN = "Use 'true' or 'false' values for condition checks";

export function mapperBoolean(references: References, path: string): Result<boolean, ReferenceFault> {
  const found = references.mapper(path);
  if (!found.ok) return found;
  const text = scalarText(found.value);
  if (text === "true" || text === "false") return ok(text === "true");
  return err(referenceFault("wrong-type", `Mapper config key '${path}' is not a boolean`, NOTE_BOOLEAN));
}

export function tedgeBoolean(references: References, key: string): Result<boolean, ReferenceFault> {
  const found = references.tedge(key);
  if (!found.ok) return found;
  if (found.value === "true" || found.value === "false") return ok(found.value === "true");
  return err(referenceFault("wrong-type", `Config key '${key}' is not a boolean`, NOTE_BOOLEAN));
}

function scalarText(value: TomlValue): string | undefined {
  if (typeof value === "object") return value instanceof Date ? value.toISOString() : undefined;
  return String(value);
}
