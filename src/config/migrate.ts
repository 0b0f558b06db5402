import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseToml, type TomlTable } from "../base/toml.ts";
import { moveTomlKey, setTomlValue, type TomlEditFault, valueAt } from "./toml-edit.ts";

export type MigrationFault = Fault<"unknown-version" | "cannot-migrate"> | TomlEditFault;

export const CURRENT_VERSION = "2";

const VERSION = ["config", "version"];

/** Keys that changed their names with version 2 (spec/cli-and-config §3.4). */
const MOVES: readonly (readonly [from: string, to: string])[] = [
  ["mqtt.port", "mqtt.bind.port"],
  ["mqtt.bind_address", "mqtt.bind.address"],
  ["mqtt.client_host", "mqtt.client.host"],
  ["mqtt.client_port", "mqtt.client.port"],
  ["mqtt.client_ca_file", "mqtt.client.auth.ca_file"],
  ["mqtt.client_ca_path", "mqtt.client.auth.ca_dir"],
  ["mqtt.client_auth.cert_file", "mqtt.client.auth.cert_file"],
  ["mqtt.client_auth.key_file", "mqtt.client.auth.key_file"],
  ["mqtt.external_port", "mqtt.external.bind.port"],
  ["mqtt.external_bind_address", "mqtt.external.bind.address"],
  ["mqtt.external_bind_interface", "mqtt.external.bind.interface"],
  ["mqtt.external_capath", "mqtt.external.ca_path"],
  ["mqtt.external_certfile", "mqtt.external.cert_file"],
  ["mqtt.external_keyfile", "mqtt.external.key_file"],
  ["az.mapper_timestamp", "az.mapper.timestamp"],
  ["aws.mapper_timestamp", "aws.mapper.timestamp"],
  ["http.port", "http.bind.port"],
  ["http.bind_address", "http.bind.address"],
  ["software.default_plugin_type", "software.plugin.default"],
  ["firmware.child_update_timeout", "firmware.child.update.timeout"],
  ["c8y.smartrest_templates", "c8y.smartrest.templates"],
  ["apt.dpk.options.config", "apt.dpkg.options.config"],
];

/** The version that a `tedge.toml` says it has; without a word it is 1. */
export function versionOf(table: TomlTable): string {
  const version = valueAt(table, VERSION);
  return version === undefined ? "1" : String(version);
}

/** Rewrites the text of a `tedge.toml` of version 1 as version 2, keeping comments and unknown keys; text of version 2 comes back as it is. */
export function migrateTedgeToml(text: string): Result<string, MigrationFault> {
  const table = parseToml(text);
  if (!table.ok) return table;
  const version = versionOf(table.value);
  if (version === CURRENT_VERSION) return ok(text);
  if (version !== "1") return err(fault("unknown-version", `Unknown tedge.toml version: ${version}`));
  let migrated: Result<string, MigrationFault> = ok(text);
  for (const [from, to] of MOVES) {
    if (migrated.ok) migrated = move(migrated.value, from, to, table.value);
  }
  return migrated.ok ? setTomlValue(migrated.value, VERSION, CURRENT_VERSION) : migrated;
}

function move(text: string, from: string, to: string, table: TomlTable): Result<string, MigrationFault> {
  const [source, target] = [from.split("."), to.split(".")];
  if (valueAt(table, source) === undefined) return ok(text);
  if (valueAt(table, target) === undefined) return moveTomlKey(text, source, target);
  const message = `Cannot migrate '${from}' to '${to}': target key already exists. Please manually remove one of them from tedge.toml.`;
  return err(fault("cannot-migrate", message));
}
