import { type AnySetting, CLOUDS, type Cloud, cloudSettings, mainSettings } from "./table.ts";

/** Which value of which section is meant. `key` of a cloud comes without the cloud and the profile. */
export type KeyAddress =
  | { readonly scope: "main"; readonly key: string }
  | { readonly scope: "cloud"; readonly cloud: Cloud; readonly profile: string | undefined; readonly key: string };

export type CloudAddress = Extract<KeyAddress, { readonly scope: "cloud" }>;

/** The canonical name: `mqtt.bind.port`, `c8y.url`, `c8y.profiles.prod.url`. */
export function addressName(address: KeyAddress): string {
  return addressPath(address).join(".");
}

/** The path of the value in `tedge.toml`. */
export function addressPath(address: KeyAddress): readonly string[] {
  return address.scope === "main" ? address.key.split(".") : [...sectionPath(address), ...address.key.split(".")];
}

/** The path of the table of a cloud, or of one of its profiles, in `tedge.toml`. */
export function sectionPath(section: { readonly cloud: Cloud; readonly profile: string | undefined }): string[] {
  return section.profile === undefined ? [section.cloud] : [section.cloud, "profiles", section.profile];
}

/** `TEDGE_` and the name in capitals, `_` for `.` (spec/cli-and-config §3). */
export function environmentName(address: KeyAddress): string {
  return `TEDGE_${addressName(address).replaceAll(".", "_").toUpperCase()}`;
}

/** The row of the table that an address belongs to; the key must be one of the table's. */
export function settingOf(address: KeyAddress): AnySetting {
  const settings = address.scope === "main" ? mainSettings() : cloudSettings(address.cloud);
  const setting = settings.get(address.key);
  if (setting === undefined) throw new Error(`No such key: ${addressName(address)}`);
  return setting;
}

/** Keys of one section by any of their spellings. */
export interface KeyIndex {
  /** Canonical names and former names, written with dots as in the table. */
  readonly exact: ReadonlyMap<string, string>;
  /** The same with `.` and `_` made alike. */
  readonly loose: ReadonlyMap<string, string>;
}

const MAIN_INDEX = indexOf(mainSettings());
const CLOUD_INDEX = new Map(CLOUDS.map((cloud) => [cloud, indexOf(cloudSettings(cloud))] as const));

const SECTIONS: ReadonlySet<string> = new Set([
  ...CLOUDS,
  ...[...MAIN_INDEX.exact.keys()].map((key) => key.split(".", 1)[0] ?? key),
]);

export function mainIndex(): KeyIndex {
  return MAIN_INDEX;
}

export function cloudIndex(cloud: Cloud): KeyIndex {
  return CLOUD_INDEX.get(cloud) ?? indexOf(cloudSettings(cloud));
}

/** Whether a first part of keys is meant: `mqtt`, `c8y`. */
export function isSection(name: string): boolean {
  return SECTIONS.has(name);
}

/** `.` and `_` are the same in a key that a person types. */
export function looseForm(key: string): string {
  return key.replaceAll(".", "_");
}

function indexOf(settings: ReadonlyMap<string, AnySetting>): KeyIndex {
  const exact = new Map<string, string>();
  for (const [key, setting] of settings) for (const alias of setting.aliases ?? []) exact.set(alias, key);
  for (const key of settings.keys()) exact.set(key, key);
  return { exact, loose: new Map([...exact].map(([spelling, key]) => [looseForm(spelling), key])) };
}
