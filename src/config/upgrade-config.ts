import { rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type FileFaultCode, fileFault } from "../base/atomic-file.ts";
import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, type TomlTable, type TomlValue } from "../base/toml.ts";
import { tomlKey, tomlText } from "../base/toml-text.ts";
import { type ConfigFileFault, readConfigFile } from "./config-file.ts";
import { tableOf } from "./edit-target.ts";
import { type EditContext, writeConfigFile } from "./editable-file.ts";
import { listMapperFiles, mapperFilePath } from "./mapper-files.ts";
import { type MigrationFault, migrateTedgeToml } from "./migrate.ts";
import { cloudNamed } from "./parse-key.ts";
import { parseProfileName } from "./profile-name.ts";
import { CLOUDS, type Cloud } from "./table.ts";
import { tedgeTomlPath } from "./tedge-toml.ts";
import { removeTomlKey } from "./toml-edit.ts";

/** What `tedge config upgrade` did (spec/cli-and-config §4.4). */
export type Upgrade =
  | { readonly kind: "up-to-date" }
  | { readonly kind: "upgraded"; readonly backup: string }
  /** The sections of these clouds are still in `tedge.toml`. */
  | { readonly kind: "incomplete"; readonly failures: readonly CloudFailure[] };

export interface CloudFailure {
  readonly cloud: Cloud;
  readonly fault: Fault;
}

export type UpgradeFault = ConfigFileFault | MigrationFault | Fault<FileFaultCode>;

/** Moves the sections of clouds from `tedge.toml` to mapper files. Running it again does no harm. */
export async function upgradeConfig(context: EditContext): Promise<Result<Upgrade, UpgradeFault>> {
  const path = tedgeTomlPath(context.directory);
  const file = await readConfigFile(path);
  if (!file.ok) return file;
  const sections = cloudSections(file.value?.table ?? {});
  if (file.value === undefined || sections.length === 0) return ok({ kind: "up-to-date" });
  const backup = `${path}.bak`;
  const kept = await writeConfigFile(backup, file.value.text, context);
  if (!kept.ok) return kept;
  const migrated = migrateTedgeToml(file.value.text);
  if (!migrated.ok) return migrated;
  let text = migrated.value;
  const failures: CloudFailure[] = [];
  for (const cloud of CLOUDS) {
    const names = sections.filter((name) => cloudNamed(name) === cloud);
    if (names.length === 0) continue;
    const moved = await moveCloud(cloud, names, text, context);
    if (moved.ok) text = moved.value;
    else failures.push({ cloud, fault: moved.fault });
  }
  return ok(failures.length === 0 ? { kind: "upgraded", backup } : { kind: "incomplete", failures });
}

function cloudSections(table: TomlTable): readonly string[] {
  return Object.keys(table).filter((name) => cloudNamed(name) !== undefined && isTomlTable(table[name]));
}

/** Writes the mapper files of one cloud, then takes its sections out of `tedge.toml`; gives the text that is left there. */
async function moveCloud(
  cloud: Cloud,
  sections: readonly string[],
  text: string,
  context: EditContext,
): Promise<Result<string, UpgradeFault>> {
  const removed = await removeMapperFiles(cloud, context);
  if (!removed.ok) return removed;
  for (const [profile, table] of sectionsOf(sections, tableOf(text))) {
    const path = mapperFilePath(context.directory, cloud, profile);
    const written = await writeConfigFile(path, mapperToml(cloud, table), context);
    if (!written.ok) return written;
  }
  let left = text;
  for (const section of sections) {
    const without = removeTomlKey(left, [section]);
    if (!without.ok) return without;
    left = without.value;
  }
  const written = await writeConfigFile(tedgeTomlPath(context.directory), left, context);
  return written.ok ? ok(left) : written;
}

async function removeMapperFiles(cloud: Cloud, context: EditContext): Promise<Result<undefined, UpgradeFault>> {
  const files = await listMapperFiles(context.directory);
  if (!files.ok) return files;
  for (const { path } of files.value.filter((file) => file.cloud === cloud)) {
    try {
      await rm(path);
    } catch (thrown) {
      return err(fileFault(`Cannot remove ${path}`, thrown));
    }
    await rmdir(dirname(path)).catch(() => undefined);
  }
  return ok();
}

/** The settings of the cloud itself, and of each profile. */
function sectionsOf(sections: readonly string[], table: TomlTable): Map<string | undefined, TomlTable> {
  const found = new Map<string | undefined, TomlTable>();
  for (const section of sections) {
    const value = table[section];
    const { profiles, ...own } = isTomlTable(value) ? value : {};
    found.set(undefined, { ...own, ...found.get(undefined) });
    for (const [name, settings] of Object.entries(isTomlTable(profiles) ? profiles : {})) {
      const profile = parseProfileName(name);
      if (profile.ok && isTomlTable(settings)) found.set(profile.value, { ...settings, ...found.get(profile.value) });
    }
  }
  return found;
}

function mapperToml(cloud: Cloud, table: TomlTable): string {
  return [`cloud_type = ${tomlText(cloud)}`, ...tableLines(table, [])].map((line) => `${line}\n`).join("");
}

/** Plain values first, then each table below its own header. */
function tableLines(table: TomlTable, above: readonly string[]): readonly string[] {
  const plain = Object.entries(table).filter(
    (entry): entry is [string, Exclude<TomlValue, TomlTable>] => !isTomlTable(entry[1]),
  );
  const lines = plain.map(([key, value]) => `${tomlKey([key])} = ${tomlText(value)}`);
  const header = above.length === 0 || lines.length === 0 ? [] : ["", `[${tomlKey(above)}]`];
  const below = Object.entries(table).flatMap(([key, value]) =>
    isTomlTable(value) ? tableLines(value, [...above, key]) : [],
  );
  return [...header, ...lines, ...below];
}
