import { resolve } from "node:path";
import { ok, type Result } from "../base/result.ts";
import { type CertificateName, readCertificateName } from "./certificate-name.ts";
import { type CollectFault, collectSettings } from "./collect-settings.ts";
import type { Config } from "./config.ts";
import type { ConfigFileFault } from "./config-file.ts";
import type { ConfigParts } from "./config-parts.ts";
import { createConfig } from "./create-config.ts";
import { readMapperFiles, sourceOf } from "./mapper-files.ts";
import type { MigrationFault } from "./migrate.ts";
import { CLOUDS, type Cloud } from "./table.ts";
import { loadTedgeToml } from "./tedge-toml.ts";

export interface LoadOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly warn: (text: string) => void;
  /** Values by key that win over everything, as a person would type them: options of the command line. */
  readonly overrides?: Readonly<Record<string, string>>;
}

export type LoadFault = ConfigFileFault | CollectFault | MigrationFault;

/**
 * Reads the whole configuration: command line, environment, `tedge.toml` and mapper files, defaults (spec/cli-and-config §4).
 * A `tedge.toml` of version 1 is rewritten as version 2.
 */
export async function loadConfig(options: LoadOptions): Promise<Result<Config, LoadFault>> {
  const directory = resolve(options.directory);
  const tedgeToml = await loadTedgeToml(directory, options.warn);
  if (!tedgeToml.ok) return tedgeToml;
  const mapperFiles = await readMapperFiles(directory);
  if (!mapperFiles.ok) return mapperFiles;
  const collected = collectSettings({
    tedgeToml: tedgeToml.value,
    mapperFiles: mapperFiles.value,
    environment: options.environment,
    overrides: options.overrides ?? {},
    warn: options.warn,
  });
  if (!collected.ok) return collected;
  const source = (cloud: Cloud) => sourceOf(cloud, mapperFiles.value, tedgeToml.value.table);
  const parts: ConfigParts = {
    directory,
    environment: options.environment,
    ...collected.value,
    sources: { c8y: source("c8y"), az: source("az"), aws: source("aws") },
    certificates: new Map(),
  };
  const config = createConfig({ ...parts, certificates: await readCertificateNames(createConfig(parts)) });
  warnOfIgnoredId(config, parts, options.warn);
  return ok(config);
}

/** The names in all certificates that the configuration points at, by path. */
async function readCertificateNames(config: Config): Promise<ReadonlyMap<string, CertificateName>> {
  const paths = new Set([config.get("device.cert_path")]);
  for (const cloud of CLOUDS) {
    for (const profile of [undefined, ...config.profiles(cloud)]) {
      const section = config.profile(cloud, profile);
      if (section.ok) paths.add(section.value.get("device.cert_path"));
    }
  }
  return new Map(await Promise.all([...paths].map(async (path) => [path, await readCertificateName(path)] as const)));
}

/** The certificate wins over a configured id; whoever configured it should know. */
function warnOfIgnoredId(config: Config, parts: ConfigParts, warn: (text: string) => void): void {
  const configured = parts.configured.get("device.id")?.value;
  const effective = config.read({ scope: "main", key: "device.id" });
  if (configured === undefined || !effective.ok || effective.value?.origin.kind !== "certificate") return;
  const { text, origin } = effective.value;
  if (text === configured) return;
  warn(`The configured device.id '${String(configured)}' is not used: the certificate ${origin.path} names '${text}'`);
}
