import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseToml } from "../base/toml.ts";
import type { ConfiguredValue } from "./config-parts.ts";
import { addressName, environmentName, type KeyAddress, settingOf } from "./key-address.ts";
import { deprecationWarning, parseKey } from "./parse-key.ts";
import type { ValueFault, ValueType } from "./value-type.ts";

export interface EnvironmentSetting {
  readonly address: KeyAddress;
  /** `undefined`: the variable is empty, which takes back what a file says. */
  readonly configured: ConfiguredValue | undefined;
}

const PREFIX = "TEDGE_";
const NO_SETTINGS: ReadonlySet<string> = new Set(["TEDGE_CONFIG_DIR", "TEDGE_CLOUD_PROFILE"]);

/** Reads every `TEDGE_…` variable (spec/cli-and-config §4.1). Code `invalid-environment`; `detail` names `variable` and `key`. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  warn: (text: string) => void,
): Result<readonly EnvironmentSetting[], Fault<"invalid-environment">> {
  const settings = new Map<string, EnvironmentSetting>();
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith(PREFIX) || NO_SETTINGS.has(variable)) continue;
    const spelling = variable.slice(PREFIX.length).toLowerCase();
    const key = parseKey(spelling);
    if (!key.ok) {
      warn(`Unknown configuration field "${spelling}" from environment variable ${variable}`);
      continue;
    }
    const { address } = key.value;
    const canonical = environmentName(address) === variable;
    if (!canonical) warn(deprecationWarning(spelling, address));
    if (!canonical && settings.has(addressName(address))) continue;
    const configured = readVariable(address, variable, text);
    if (!configured.ok) return configured;
    settings.set(addressName(address), { address, configured: configured.value });
  }
  return ok([...settings.values()]);
}

function readVariable(
  address: KeyAddress,
  variable: string,
  text: string,
): Result<ConfiguredValue | undefined, Fault<"invalid-environment">> {
  if (text === "") return ok(undefined);
  const value = parseVariable(settingOf(address).type, text);
  if (value.ok) return ok({ value: value.value, origin: { kind: "environment", variable } });
  const key = addressName(address);
  const message = `Failed to set value for ${key} to ${JSON.stringify(text)} from environment variable ${variable}`;
  return err(fault("invalid-environment", message, { cause: value.fault, detail: { key, variable } }));
}

/** Quoted strings and arrays are taken as TOML first; all else is like what a person types. */
function parseVariable(type: ValueType<unknown>, text: string): Result<unknown, ValueFault> {
  const table = /^["[]/.test(text) ? parseToml(`value = ${text}`) : undefined;
  const value = table?.ok === true && Object.keys(table.value).length === 1 ? table.value.value : undefined;
  if (typeof value === "string") return type.parse(value);
  return value === undefined ? type.parse(text) : type.fromToml(value);
}
