import { parse, TomlDate, TomlError, type TomlTable, type TomlValue } from "smol-toml";
import { type Fault, fault, toFault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

/** Integers beyond 2^53 are refused by the parser rather than rounded. */
export type { TomlTable, TomlValue };

/**
 * Reads TOML text. Code `invalid-toml`; the message begins `TOML parse error at line L, column C`, followed by an excerpt of the text,
 * and `detail` holds `line` and `column`, both from 1.
 */
export function parseToml(text: string): Result<TomlTable, Fault<"invalid-toml">> {
  try {
    return ok(parse(text));
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) return err(fault("invalid-toml", toFault(thrown).message));
    const { line, column, codeblock } = thrown;
    const [reason = ""] = thrown.message.split("\n");
    const message = `TOML parse error at line ${line}, column ${column}: ${reason.replace(/^Invalid TOML document: /, "")}`;
    return err(fault("invalid-toml", `${message}\n${codeblock.trimEnd()}`, { detail: { line, column } }));
  }
}

export function isTomlTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof TomlDate);
}
