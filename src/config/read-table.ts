import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, type TomlTable, type TomlValue } from "../base/toml.ts";
import { type ConfigFile, misfit } from "./config-file.ts";
import type { ConfiguredValue } from "./config-parts.ts";
import { addressName, type KeyAddress, settingOf } from "./key-address.ts";
import type { ParsedKey } from "./parse-key.ts";

export interface FileSetting {
  readonly address: KeyAddress;
  readonly configured: ConfiguredValue;
}

export interface TableReader {
  /** Which key is at a path; `undefined` when there is none. */
  readonly addressAt: (path: readonly string[]) => ParsedKey | undefined;
  readonly onDeprecated: (path: readonly string[], address: KeyAddress) => void;
  readonly onUnknown: (path: readonly string[]) => void;
}

/** Reads the settings of a file. Where a former and the present name are both there, the present one counts. Code `invalid-config`. */
export function readTable(
  file: ConfigFile,
  reader: TableReader,
): Result<readonly FileSetting[], Fault<"invalid-config">> {
  const settings = new Map<string, FileSetting>();
  for (const { path, value } of leaves(file.table, reader, [])) {
    const key = reader.addressAt(path);
    if (key === undefined) {
      reader.onUnknown(path);
      continue;
    }
    if (key.deprecated) reader.onDeprecated(path, key.address);
    const name = addressName(key.address);
    const typed = settingOf(key.address).type.fromToml(value);
    if (!typed.ok) return err(misfit(file, path, { key: name, cause: typed.fault }));
    if (key.deprecated && settings.has(name)) continue;
    const origin = { kind: "file", path: file.path } as const;
    settings.set(name, { address: key.address, configured: { value: typed.value, origin } });
  }
  return ok([...settings.values()]);
}

/** Everything that is a key of the table, or that is no table. */
function* leaves(
  table: TomlTable,
  reader: TableReader,
  above: readonly string[],
): Generator<{ readonly path: readonly string[]; readonly value: TomlValue }> {
  for (const [name, value] of Object.entries(table)) {
    const path = [...above, name];
    if (isTomlTable(value) && reader.addressAt(path) === undefined) yield* leaves(value, reader, path);
    else yield { path, value };
  }
}
