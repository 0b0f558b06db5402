import { readText } from "../base/atomic-file.ts";
import { lineAndColumn } from "../base/excerpt.ts";
import { type Fault, fault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseToml, type TomlTable } from "../base/toml.ts";
import { type TomlPath, tomlPlaces } from "../base/toml-place.ts";

/** A TOML file of the configuration, read and parsed. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  readonly table: TomlTable;
}

export type ConfigFileFault = Fault<"invalid-config" | "unreadable-config">;

/** Reads and parses a file; `undefined` when there is none. */
export async function readConfigFile(path: string): Promise<Result<ConfigFile | undefined, ConfigFileFault>> {
  const text = await readText(path);
  if (text.ok) return parseConfigFile(path, text.value);
  if (text.fault.code === "not-found") return ok(undefined);
  return err(fault("unreadable-config", `failed to read ${path}: ${osErrorText(text.fault)}`));
}

/** Parses the text of a configuration file. `detail` of the fault holds `file`, `line` and `column`. */
export function parseConfigFile(path: string, text: string): Result<ConfigFile, Fault<"invalid-config">> {
  const table = parseToml(text);
  if (table.ok) return ok({ path, text, table: table.value });
  const detail = { file: path, ...table.fault.detail };
  return err(fault("invalid-config", `Invalid configuration file ${path}`, { detail, cause: table.fault }));
}

/** The fault for a value that its key cannot have; tells file, line and column. */
export function misfit(
  file: ConfigFile,
  path: TomlPath,
  problem: { readonly key: string; readonly cause: Fault },
): Fault<"invalid-config"> {
  const { key, cause } = problem;
  const { line, column } = lineAndColumn(file.text, tomlPlaces(file.text)(path).start);
  const source = (file.text.split("\n")[line - 1] ?? "").trimEnd();
  const excerpt = `${line}:  ${source}\n${" ".repeat(`${line}:  `.length + column - 1)}^`;
  const place = fault(
    "invalid-value",
    `TOML parse error at line ${line}, column ${column}: invalid value for '${key}'\n${excerpt}`,
    { cause },
  );
  const detail = { file: file.path, line, column, key };
  return fault("invalid-config", `Invalid configuration file ${file.path}`, { detail, cause: place });
}
