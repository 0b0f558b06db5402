import { stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../base/atomic-file.ts";
import { describeFault } from "../base/fault.ts";
import { ok, type Result } from "../base/result.ts";
import { type ConfigFile, type ConfigFileFault, parseConfigFile, readConfigFile } from "./config-file.ts";
import { type MigrationFault, migrateTedgeToml } from "./migrate.ts";

export function tedgeTomlPath(directory: string): string {
  return join(directory, "tedge.toml");
}

/**
 * Reads `tedge.toml`; one that is missing or unreadable counts as empty. One of version 1 is taken as version 2 and rewritten, if that is allowed
 * (spec/cli-and-config §3.4, §4.2).
 */
export async function loadTedgeToml(
  directory: string,
  warn: (text: string) => void,
): Promise<Result<ConfigFile, ConfigFileFault | MigrationFault>> {
  const path = tedgeTomlPath(directory);
  const file = await readConfigFile(path);
  if (!file.ok && file.fault.code === "unreadable-config") {
    warn(`${file.fault.message}; going on as if it were empty`);
    return ok(emptyFile(path));
  }
  if (!file.ok) return file;
  if (file.value === undefined) return ok(emptyFile(path));
  const migrated = migrateTedgeToml(file.value.text);
  if (!migrated.ok) return migrated;
  if (migrated.value === file.value.text) return ok(file.value);
  const { uid, gid } = await stat(path);
  const written = await replaceFile(path, migrated.value, { owner: { uid, gid } });
  if (!written.ok) warn(`Cannot store tedge.toml as version 2: ${describeFault(written.fault)}`);
  return parseConfigFile(path, migrated.value);
}

function emptyFile(path: string): ConfigFile {
  return { path, text: "", table: {} };
}
