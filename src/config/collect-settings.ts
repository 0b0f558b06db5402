import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, type TomlTable } from "../base/toml.ts";
import type { ConfigFile } from "./config-file.ts";
import type { ConfiguredValue } from "./config-parts.ts";
import { readEnvironment } from "./environment.ts";
import { addressName, cloudIndex, isSection, type KeyAddress, settingOf } from "./key-address.ts";
import { type MapperFile, sourceOf } from "./mapper-files.ts";
import { nearestWord } from "./nearest-word.ts";
import { addressOfPath, cloudNamed, deprecationWarning, type ParsedKey, parseKey } from "./parse-key.ts";
import { parseProfileName } from "./profile-name.ts";
import { type FileSetting, readTable } from "./read-table.ts";
import type { Cloud } from "./table.ts";

export interface Sources {
  readonly tedgeToml: ConfigFile;
  readonly mapperFiles: readonly MapperFile[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By key, as a person would type them. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly warn: (text: string) => void;
}

export interface CollectedSettings {
  readonly configured: ReadonlyMap<string, ConfiguredValue>;
  readonly profiles: Readonly<Record<Cloud, ReadonlySet<string>>>;
}

export type CollectFault = Fault<"invalid-config" | "invalid-environment" | "invalid-override">;

/** Lays all sources over one another: overrides over environment over files (spec/cli-and-config §4.1, §4.3). */
export function collectSettings(sources: Sources): Result<CollectedSettings, CollectFault> {
  const collected = new Collection();
  for (const read of [readTedgeToml, readMapperFiles]) {
    const settings = read(sources, collected);
    if (!settings.ok) return settings;
    for (const { address, configured } of settings.value) collected.put(address, configured);
  }
  const environment = readEnvironment(sources.environment, sources.warn);
  if (!environment.ok) return environment;
  for (const { address, configured } of environment.value) collected.put(address, configured);
  for (const [key, text] of Object.entries(sources.overrides)) {
    const override = readOverride(key, text);
    if (!override.ok) return override;
    collected.put(override.value.address, override.value.configured);
  }
  return ok(collected);
}

class Collection implements CollectedSettings {
  readonly configured = new Map<string, ConfiguredValue>();
  readonly profiles: Record<Cloud, Set<string>> = { c8y: new Set(), az: new Set(), aws: new Set() };

  put(address: KeyAddress, configured: ConfiguredValue | undefined): void {
    if (configured === undefined) {
      this.configured.delete(addressName(address));
      return;
    }
    this.configured.set(addressName(address), configured);
    if (address.scope === "cloud") this.addProfile(address.cloud, address.profile);
  }

  addProfile(cloud: Cloud, profile: string | undefined): void {
    if (profile !== undefined) this.profiles[cloud].add(profile);
  }
}

function readTedgeToml(
  sources: Sources,
  collected: Collection,
): Result<readonly FileSetting[], Fault<"invalid-config">> {
  const { tedgeToml, warn } = sources;
  const table: Record<string, TomlTable[string]> = {};
  for (const [name, value] of Object.entries(tedgeToml.table)) {
    const cloud = cloudNamed(name);
    const winner = cloud === undefined ? undefined : ignoredFor(cloud, sources);
    if (winner !== undefined) warn(ignoredSection(name, winner));
    else table[name] = value;
    if (winner === undefined && cloud !== undefined) {
      for (const profile of profilesIn(value)) collected.addProfile(cloud, profile);
    }
  }
  return readTable(
    { ...tedgeToml, table },
    {
      addressAt: addressOfPath,
      onDeprecated: (path, address) => warn(deprecationWarning(path.join("."), address)),
      onUnknown(path) {
        const field = path.join(".");
        if (field === "config.version") return;
        if (path.length > 1) warn(`Unknown configuration field "${field}" from toml file ${tedgeToml.path}`);
        else if (isSection(field)) warn(notASection(field, tedgeToml.path));
      },
    },
  );
}

function ignoredFor(cloud: Cloud, sources: Sources): MapperFile | undefined {
  if (sourceOf(cloud, sources.mapperFiles, sources.tedgeToml.table) !== "mapper-files") return undefined;
  return sources.mapperFiles.find((file) => file.cloud === cloud);
}

/** A single value at the top passes in silence (§4.2), but for one that hides settings. */
function notASection(name: string, path: string): string {
  return `"${name}" in toml file ${path} is ignored: it has to be a table of settings, such as [${name}]`;
}

function ignoredSection(section: string, winner: MapperFile): string {
  return `${section} configuration found in \`tedge.toml\`, but this will be ignored in favour of configuration in ${winner.file.path}`;
}

function profilesIn(section: TomlTable[string]): readonly string[] {
  const profiles = isTomlTable(section) ? section.profiles : undefined;
  if (!isTomlTable(profiles)) return [];
  return Object.keys(profiles).flatMap((name) => {
    const profile = parseProfileName(name);
    return profile.ok ? [profile.value] : [];
  });
}

function readMapperFiles(
  sources: Sources,
  collected: Collection,
): Result<readonly FileSetting[], Fault<"invalid-config">> {
  const all: FileSetting[] = [];
  for (const mapperFile of sources.mapperFiles) {
    collected.addProfile(mapperFile.cloud, mapperFile.profile);
    const settings = readMapperFile(mapperFile, sources.warn);
    if (!settings.ok) return settings;
    all.push(...settings.value);
  }
  return ok(all);
}

/** A mapper file may hold anything for templates, so that only what looks like a slip of the pen is worth a warning. */
function readMapperFile(
  { cloud, profile, file }: MapperFile,
  warn: (text: string) => void,
): Result<readonly FileSetting[], Fault<"invalid-config">> {
  const index = cloudIndex(cloud);
  return readTable(file, {
    addressAt(path): ParsedKey | undefined {
      const key = index.exact.get(path.join("."));
      if (key === undefined) return undefined;
      return { address: { scope: "cloud", cloud, profile, key }, deprecated: key !== path.join(".") };
    },
    onDeprecated: (path, address) => warn(deprecationWarning(path.join("."), address)),
    onUnknown(path) {
      const field = path.join(".");
      const nearest = field === "cloud_type" ? undefined : nearestWord(field, index.exact.keys());
      if (nearest === undefined) return;
      warn(`Unknown configuration field "${field}" from toml file ${file.path}; did you mean "${nearest}"?`);
    },
  });
}

function readOverride(
  key: string,
  text: string,
): Result<{ readonly address: KeyAddress; readonly configured: ConfiguredValue }, Fault<"invalid-override">> {
  const parsed = parseKey(key);
  if (!parsed.ok) return err(fault("invalid-override", parsed.fault.message));
  const { address } = parsed.value;
  const value = settingOf(address).type.parse(text);
  if (value.ok) return ok({ address, configured: { value: value.value, origin: { kind: "override" } } });
  const message = `Failed to set value for ${addressName(address)} to ${JSON.stringify(text)}`;
  return err(fault("invalid-override", message, { cause: value.fault, detail: { key: addressName(address) } }));
}
