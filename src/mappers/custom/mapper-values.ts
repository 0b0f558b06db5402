import { err, ok, type Result } from "../../base/result.ts";
import { isTomlTable, type TomlTable, type TomlValue } from "../../base/toml.ts";
import { type ReferenceFault, referenceFault } from "../../bridge/references.ts";
import type { Config } from "../../config/config.ts";
import { type MapperFile, type MapperSettings, pathOf } from "./mapper-file.ts";

export const DEFAULT_ROOT_CERT_PATH = "/etc/ssl/certs";

/** Where a value of the effective configuration of a mapper comes from. */
export type MapperOrigin = "mapper.toml" | "resolved-path" | "tedge.toml" | "certificate" | "default";

export interface MapperValue {
  readonly value: TomlValue;
  readonly origin: MapperOrigin;
}

export interface MapperValuesOptions {
  /** `undefined`: the mapper has no `mapper.toml`, so no keys either. */
  readonly file: MapperFile | undefined;
  readonly config: Config;
  /** The common name of the certificate, where the mapper identifies itself by one and it can be read. */
  readonly commonName: string | undefined;
}

/** The effective configuration of a user-defined mapper by key (spec/bridges-and-mappers §11.2, §11.3). */
export function mapperValue(path: string, options: MapperValuesOptions): Result<MapperValue, ReferenceFault> {
  const { file } = options;
  if (file === undefined) return err(unknown(path));
  const known = KNOWN.get(path);
  if (known !== undefined) {
    const value = known(file.settings, { ...options, file });
    return value === undefined ? err(unset(path)) : ok(value);
  }
  const found = navigate(file.table, path);
  return found.ok ? ok({ value: found.value, origin: "mapper.toml" }) : found;
}

type Known = (
  settings: MapperSettings,
  options: MapperValuesOptions & { readonly file: MapperFile },
) => MapperValue | undefined;

const KNOWN: ReadonlyMap<string, Known> = new Map(
  Object.entries<Known>({
    url: ({ url }) => (url === undefined ? undefined : own(`${url.host}:${url.port}`)),
    auth_method: ({ auth_method }, { file }) => ownOrDefault(file, "auth_method", auth_method),
    credentials_path: ({ credentials_path }, { file }) => ownPath(file, credentials_path),
    "device.id": ({ device }, { config, commonName }) => {
      if (commonName !== undefined && commonName !== "") return { value: commonName, origin: "certificate" };
      return device.id === undefined ? inherited(config.text("device.id")) : own(device.id);
    },
    "device.cert_path": ({ device }, { file, config }) =>
      ownPath(file, device.cert_path) ?? inherited(config.text("device.cert_path")),
    "device.key_path": ({ device }, { file, config }) =>
      ownPath(file, device.key_path) ?? inherited(config.text("device.key_path")),
    "device.root_cert_path": ({ device }, { file }) =>
      ownPath(file, device.root_cert_path) ?? { value: DEFAULT_ROOT_CERT_PATH, origin: "default" },
    "bridge.clean_session": ({ bridge }, { file }) => ownOrDefault(file, "bridge.clean_session", bridge.clean_session),
    "bridge.keepalive_interval": ({ bridge }) =>
      bridge.keepalive_interval === undefined ? undefined : own(bridge.keepalive_interval.text),
    "bridge.tls.enable": ({ bridge }, { file }) => ownOrDefault(file, "bridge.tls.enable", String(bridge.tls.enable)),
    "bridge.max_payload_size": ({ bridge }, { file }) =>
      ownOrDefault(file, "bridge.max_payload_size", bridge.max_payload_size),
  }),
);

function own(value: TomlValue): MapperValue {
  return { value, origin: "mapper.toml" };
}

function ownOrDefault(file: MapperFile, path: string, value: TomlValue): MapperValue {
  return { value, origin: navigate(file.table, path).ok ? "mapper.toml" : "default" };
}

function ownPath(file: MapperFile, path: string | undefined): MapperValue | undefined {
  if (path === undefined) return undefined;
  const value = pathOf(file, path);
  return { value, origin: value === path ? "mapper.toml" : "resolved-path" };
}

function inherited(value: string | undefined): MapperValue | undefined {
  return value === undefined ? undefined : { value, origin: "tedge.toml" };
}

function navigate(table: TomlTable, path: string): Result<TomlValue, ReferenceFault> {
  let current: TomlValue | undefined = table;
  let passed = "";
  for (const segment of path.split(".")) {
    if (!isTomlTable(current)) {
      return err(referenceFault("not-a-table", `Cannot navigate path '${path}': '${passed}' is not a table`));
    }
    current = Object.hasOwn(current, segment) ? current[segment] : undefined;
    if (current === undefined) return err(unknown(path));
    passed = segment;
  }
  return ok(current);
}

function unknown(path: string): ReferenceFault {
  const note = `'${path}' is not a recognised field — check for typos`;
  return referenceFault("unknown-key", `Unknown mapper config key '${path}'`, note);
}

function unset(path: string): ReferenceFault {
  return referenceFault("unset-key", `Mapper config key '${path}' is not set`, `Set '${path}' in mapper.toml`);
}
