import type { Fault } from "../base/fault.ts";
import type { JsonObject } from "../base/json.ts";
import type { Result } from "../base/result.ts";
import type { KeyAddress } from "./key-address.ts";
import type { CloudSource } from "./mapper-files.ts";
import type { AnySetting, Cloud, CloudKey, CloudValue, MainKey, MainValue } from "./table.ts";

/** Where an effective value comes from. */
export type Origin =
  | { readonly kind: "override" }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "certificate"; readonly path: string }
  | { readonly kind: "default" };

/** The effective value of a key, of whatever type it is, with its printed form. */
export interface EffectiveValue {
  readonly value: unknown;
  readonly text: string;
  readonly origin: Origin;
}

export type ReadFault = Fault<"not-set" | "no-device-id" | "unknown-profile">;

/** The configuration as it was when it was loaded: environment over files over defaults. It never changes. */
export interface Config {
  readonly directory: string;
  /** The typed value; `undefined` only for keys without a default, and for a device id that cannot be told. */
  get<K extends MainKey>(key: K): MainValue<K>;
  /** The value of a key that the caller cannot do without; the fault says how to set it. */
  require<K extends MainKey>(key: K): Result<NonNullable<MainValue<K>>, ReadFault>;
  /** The printed form, as of `tedge config get`. */
  text(key: MainKey): string | undefined;
  /** The section of a cloud without a profile; all defaults when nothing is configured. */
  cloud<C extends Cloud>(cloud: C): CloudConfig<C>;
  /** The section of a profile, or with `undefined` the one without. Code `unknown-profile`. */
  profile<C extends Cloud>(cloud: C, name: string | undefined): Result<CloudConfig<C>, ReadFault>;
  /** Names of the profiles of a cloud, sorted. */
  profiles(cloud: Cloud): readonly string[];
  /** Where the settings of a cloud are kept. */
  source(cloud: Cloud): CloudSource;
  /** Any key, by its address; `undefined` when it is not set. */
  read(address: KeyAddress): Result<EffectiveValue | undefined, ReadFault>;
  /** Every key in the order of `tedge config list`, those of each profile behind their cloud. */
  all(): readonly ListedKey[];
  /** The document that the agent publishes: what is exposed outside clouds, keys sorted. */
  exposed(): JsonObject;
}

/** The settings of one cloud, or of one of its profiles. Keys come without the cloud and the profile. */
export interface CloudConfig<C extends Cloud> {
  readonly cloud: C;
  readonly profileName: string | undefined;
  get<K extends CloudKey<C>>(key: K): CloudValue<C, K>;
  require<K extends CloudKey<C>>(key: K): Result<NonNullable<CloudValue<C, K>>, ReadFault>;
  text(key: CloudKey<C>): string | undefined;
  /** The full name: `c8y.profiles.prod.url`. */
  name(key: CloudKey<C>): string;
  /** The document that the mapper publishes: what is exposed of this section, keys sorted. */
  exposed(): JsonObject;
}

export interface ListedKey {
  readonly name: string;
  readonly address: KeyAddress;
  readonly setting: AnySetting;
  readonly effective: EffectiveValue | undefined;
}
