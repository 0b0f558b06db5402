import type { Setting, SettingValue } from "./setting.ts";
import { AGENT_SETTINGS, SOFTWARE_SETTINGS, STORAGE_SETTINGS } from "./settings/agent-settings.ts";
import { C8Y_SETTINGS } from "./settings/c8y-settings.ts";
import { AWS_SETTINGS, AZ_SETTINGS } from "./settings/cloud-settings.ts";
import { CERTIFICATE_SETTINGS, DEVICE_SETTINGS } from "./settings/device-settings.ts";
import { FILES_SETTINGS } from "./settings/files-settings.ts";
import { FLOWS_SETTINGS } from "./settings/flows-settings.ts";
import { HTTP_SETTINGS } from "./settings/http-settings.ts";
import { MQTT_SETTINGS } from "./settings/mqtt-settings.ts";
import { SYSTEM_SETTINGS } from "./settings/system-settings.ts";

/** Any row of the table, where the type of its value does not matter. */
export type AnySetting = Setting<unknown>;

/** Settings that come before those of the clouds in a list (spec/cli-and-config §2.5). */
const BEFORE_CLOUDS = { ...DEVICE_SETTINGS, ...CERTIFICATE_SETTINGS };

const AFTER_CLOUDS = {
  ...MQTT_SETTINGS,
  ...HTTP_SETTINGS,
  ...FILES_SETTINGS,
  ...AGENT_SETTINGS,
  ...SOFTWARE_SETTINGS,
  ...STORAGE_SETTINGS,
  ...SYSTEM_SETTINGS,
  ...FLOWS_SETTINGS,
};

/** THE table of keys that belong to no cloud, in the order of `tedge config list`. */
export const MAIN_SETTINGS = { ...BEFORE_CLOUDS, ...AFTER_CLOUDS };

/** THE table of keys of each cloud, without the cloud in front; the same keys hold for every profile. */
export const CLOUD_SETTINGS = { c8y: C8Y_SETTINGS, az: AZ_SETTINGS, aws: AWS_SETTINGS };

export type Cloud = keyof typeof CLOUD_SETTINGS;
export const CLOUDS: readonly Cloud[] = ["c8y", "az", "aws"];

export type MainKey = keyof typeof MAIN_SETTINGS;
export type CloudKey<C extends Cloud = Cloud> = { [Each in C]: keyof (typeof CLOUD_SETTINGS)[Each] & string }[C];

export type MainValue<K extends MainKey> = SettingValue<(typeof MAIN_SETTINGS)[K]>;
export type CloudValue<C extends Cloud, K extends CloudKey<C>> = SettingValue<(typeof CLOUD_SETTINGS)[C][K]>;

const MAIN: ReadonlyMap<string, AnySetting> = new Map(Object.entries<AnySetting>(MAIN_SETTINGS));
const OF_CLOUD: Readonly<Record<Cloud, ReadonlyMap<string, AnySetting>>> = {
  c8y: new Map(Object.entries<AnySetting>(C8Y_SETTINGS)),
  az: new Map(Object.entries<AnySetting>(AZ_SETTINGS)),
  aws: new Map(Object.entries<AnySetting>(AWS_SETTINGS)),
};

/** Rows by key: those outside clouds. */
export function mainSettings(): ReadonlyMap<string, AnySetting> {
  return MAIN;
}

/** Rows by key, without the cloud in front. */
export function cloudSettings(cloud: Cloud): ReadonlyMap<string, AnySetting> {
  return OF_CLOUD[cloud];
}

export function isCloud(text: string): text is Cloud {
  return CLOUDS.some((cloud) => cloud === text);
}

/** Keys in the order of `tedge config list`: those before the clouds, each cloud, those after. */
export function keysBeforeClouds(): readonly string[] {
  return Object.keys(BEFORE_CLOUDS);
}

export function keysAfterClouds(): readonly string[] {
  return Object.keys(AFTER_CLOUDS);
}
