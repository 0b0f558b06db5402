import { fault } from "../base/fault.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { CloudConfig, Config, EffectiveValue, ListedKey, ReadFault } from "./config.ts";
import type { ConfigParts } from "./config-parts.ts";
import { deviceIdOf } from "./device-id.ts";
import { addressName, type KeyAddress, settingOf } from "./key-address.ts";
import type { CloudSource } from "./mapper-files.ts";
import type { DefaultContext } from "./setting.ts";
import {
  type AnySetting,
  CLOUDS,
  type Cloud,
  cloudSettings,
  keysAfterClouds,
  keysBeforeClouds,
  type MainKey,
} from "./table.ts";

type Effective = Result<EffectiveValue | undefined, ReadFault>;

export function createConfig(parts: ConfigParts): Config {
  const known = new Map<string, Effective>();

  const read = (address: KeyAddress): Effective => {
    const name = addressName(address);
    const before = known.get(name);
    if (before !== undefined) return before;
    const effective = isUnknownProfile(address) ? unknownProfile(address) : evaluate(address);
    known.set(name, effective);
    return effective;
  };
  const textOf = (address: KeyAddress): string | undefined => {
    const effective = read(address);
    return effective.ok ? effective.value?.text : undefined;
  };

  function isUnknownProfile(address: KeyAddress): address is KeyAddress & { scope: "cloud"; profile: string } {
    if (address.scope === "main" || address.profile === undefined) return false;
    return !parts.profiles[address.cloud].has(address.profile);
  }

  function evaluate(address: KeyAddress): Effective {
    if (address.key === "device.id") {
      const certificate = textOf({ ...address, key: "device.cert_path" });
      return deviceIdOf(address, certificate, parts);
    }
    const setting = settingOf(address);
    const configured = parts.configured.get(addressName(address));
    if (configured !== undefined) {
      return ok({ ...configured, text: setting.type.print(configured.value) });
    }
    const text = defaultText(address, setting);
    return ok(text === undefined ? undefined : defaultValue(address, setting, text));
  }

  function defaultText(address: KeyAddress, setting: AnySetting): string | undefined {
    if (typeof setting.default === "string") return setting.default;
    const context: DefaultContext = {
      directory: parts.directory,
      environment: parts.environment,
      text: (key) => textOf({ scope: "main", key }),
      sibling: (key) => textOf({ ...address, key }),
    };
    return (setting.default ?? setting.fallback)?.(context);
  }

  const section = <C extends Cloud>(cloud: C, profileName: string | undefined): CloudConfig<C> => {
    const at = (key: string): KeyAddress => ({ scope: "cloud", cloud, profile: profileName, key });
    return {
      cloud,
      profileName,
      get: (key) => typed(read(at(key))),
      require: (key) => required(at(key), read(at(key))),
      text: (key) => textOf(at(key)),
      name: (key) => addressName(at(key)),
      exposed: () => expose(cloudSettings(cloud).keys(), (key) => exposedValue(at(key))),
    };
  };

  function exposedValue(address: KeyAddress): Json | undefined {
    const setting = settingOf(address);
    const effective = read(address);
    if (setting.exposed !== true || !effective.ok || effective.value === undefined) return undefined;
    return setting.type.toToml(effective.value.value);
  }

  const listed = (address: KeyAddress): ListedKey => {
    const effective = read(address);
    return {
      name: addressName(address),
      address,
      setting: settingOf(address),
      effective: effective.ok ? effective.value : undefined,
    };
  };
  const main = (key: string): KeyAddress => ({ scope: "main", key });
  const profiles = (cloud: Cloud) => [...parts.profiles[cloud]].sort();

  return {
    directory: parts.directory,
    get: (key) => typed(read(main(key))),
    require: (key) => required(main(key), read(main(key))),
    text: (key: MainKey) => textOf(main(key)),
    cloud: (cloud) => section(cloud, undefined),
    profile(cloud, name) {
      if (name === undefined || parts.profiles[cloud].has(name)) return ok(section(cloud, name));
      return err(missingProfile(cloud, name, parts.sources[cloud]));
    },
    profiles,
    source: (cloud) => parts.sources[cloud],
    read,
    all: () =>
      [
        ...keysBeforeClouds().map(main),
        ...CLOUDS.flatMap((cloud) =>
          [undefined, ...profiles(cloud)].flatMap((profile) =>
            [...cloudSettings(cloud).keys()].map((key): KeyAddress => ({ scope: "cloud", cloud, profile, key })),
          ),
        ),
        ...keysAfterClouds().map(main),
      ].map(listed),
    exposed: () => expose([...keysBeforeClouds(), ...keysAfterClouds()], (key) => exposedValue(main(key))),
  };
}

/** The one place where what the table says about the type of a key is believed: the value came through that row's own parser. */
function typed<T>(effective: Effective): T {
  return (effective.ok ? effective.value?.value : undefined) as T;
}

function required<T>(address: KeyAddress, effective: Effective): Result<T, ReadFault> {
  if (!effective.ok) return effective;
  if (effective.value === undefined) return err(notSet(address));
  return ok(effective.value.value as T);
}

export function notSet(address: KeyAddress): ReadFault {
  return fault("not-set", `The provided config key: '${addressName(address)}' is not set`, {
    detail: { key: addressName(address) },
  });
}

function defaultValue(address: KeyAddress, setting: AnySetting, text: string): EffectiveValue {
  const value = setting.type.parse(text);
  if (!value.ok) throw new Error(`The default of ${addressName(address)} is no ${setting.type.name}: ${text}`);
  return { value: value.value, text: setting.type.print(value.value), origin: { kind: "default" } };
}

function expose(keys: Iterable<string>, pick: (key: string) => Json | undefined): JsonObject {
  const members: [string, Json][] = [];
  for (const key of [...keys].sort()) {
    const value = pick(key);
    if (value !== undefined) members.push([key, value]);
  }
  return Object.fromEntries(members);
}

function unknownProfile(address: { readonly cloud: Cloud; readonly profile: string }): Effective {
  const message = `Unknown profile \`${address.profile}\` for the multi-profile property ${address.cloud}`;
  return err(fault("unknown-profile", message));
}

const CLOUD_NAMES: Readonly<Record<Cloud, string>> = { c8y: "C8y", az: "Azure", aws: "AWS" };

function missingProfile(cloud: Cloud, name: string, source: CloudSource): ReadFault {
  if (source === "mapper-files") return fault("unknown-profile", `${CLOUD_NAMES[cloud]} profile '${name}' not found`);
  return fault("unknown-profile", `Unknown profile \`${name}\` for the multi-profile property ${cloud}`);
}
