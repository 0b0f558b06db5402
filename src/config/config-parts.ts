import type { CertificateName } from "./certificate-name.ts";
import type { Origin } from "./config.ts";
import type { CloudSource } from "./mapper-files.ts";
import type { Cloud } from "./table.ts";

/** A value that was configured, by environment or file. */
export interface ConfiguredValue {
  readonly value: unknown;
  readonly origin: Origin;
}

/** All that a configuration is made of. */
export interface ConfigParts {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By canonical name. */
  readonly configured: ReadonlyMap<string, ConfiguredValue>;
  readonly profiles: Readonly<Record<Cloud, ReadonlySet<string>>>;
  readonly sources: Readonly<Record<Cloud, CloudSource>>;
  /** By path. */
  readonly certificates: ReadonlyMap<string, CertificateName>;
}
