import { type FileFaultCode, readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bothOrNone } from "../config/both-or-none.ts";
import type { Config } from "../config/config.ts";
import { CLOUDS } from "../config/table.ts";
import type { ClientTls } from "../platform/http-client.ts";
import { readTrustedCertificates } from "../security/certificates.ts";

/** Where every system keeps the authorities that it trusts; the runtime knows them without being told. */
const SYSTEM_STORE = "/etc/ssl/certs";

/** `undefined` where nothing is asked for beyond the trust of the system. */
export interface HttpClientTls {
  readonly tls: ClientTls | undefined;
  /** For our own servers. */
  readonly ownTls: ClientTls | undefined;
}

/**
 * Identity and trust of everything that tebus asks over HTTP: `http.client.auth.*`, and the authorities of all clouds together with those of
 * the system (spec/http-api §7). Our own servers may also have a certificate by an authority of `http.ca_path`, which others may not.
 */
export async function httpClientTls(config: Config): Promise<Result<HttpClientTls>> {
  const identity = await readIdentity(config);
  if (!identity.ok) return identity;
  const clouds = cloudAuthorities(config);
  const ownPath = config.get("http.ca_path");
  const own = ownPath === undefined ? clouds : new Map([...clouds, [ownPath, "http.ca_path"]]);
  const ca = await readAuthorities(clouds);
  if (!ca.ok) return ca;
  const ownCa = ownPath === undefined ? ca : await readAuthorities(own);
  if (!ownCa.ok) return ownCa;
  return ok({ tls: clientTls(identity.value, ca.value), ownTls: clientTls(identity.value, ownCa.value) });
}

interface Identity {
  readonly cert: string;
  readonly key: string;
}

function clientTls(identity: Identity | undefined, ca: readonly string[] | undefined): ClientTls | undefined {
  if (identity === undefined && ca === undefined) return undefined;
  return { ...identity, ...(ca === undefined ? {} : { ca }) };
}

async function readIdentity(config: Config): Promise<Result<Identity | undefined>> {
  const [certKey, keyKey] = ["http.client.auth.cert_file", "http.client.auth.key_file"] as const;
  const paths = bothOrNone([certKey, config.get(certKey)], [keyKey, config.get(keyKey)]);
  if (!paths.ok || paths.value === undefined) return paths.ok ? ok(undefined) : paths;
  const [cert, key] = await Promise.all(paths.value.map(readText));
  if (cert?.ok !== true) return err(invalid(certKey, cert?.fault));
  if (key?.ok !== true) return err(invalid(keyKey, key?.fault));
  return ok({ cert: cert.value, key: key.value });
}

/** Paths of authorities, each with the setting that names it. */
function cloudAuthorities(config: Config): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const cloud of CLOUDS) {
    for (const profile of [undefined, ...config.profiles(cloud)]) {
      const section = config.profile(cloud, profile);
      if (section.ok) paths.set(section.value.get("root_cert_path"), section.value.name("root_cert_path"));
    }
  }
  return paths;
}

/** `undefined`: the system's are enough. */
async function readAuthorities(paths: ReadonlyMap<string, string>): Promise<Result<readonly string[] | undefined>> {
  if ([...paths.keys()].every((path) => path === SYSTEM_STORE)) return ok(undefined);
  const certificates = new Set<string>();
  for (const [path, key] of new Map([[SYSTEM_STORE, "the trust of the system"], ...paths])) {
    const read = await readTrustedCertificates(path);
    if (!read.ok && path !== SYSTEM_STORE) return err(invalid(key, read.fault));
    for (const certificate of read.ok ? read.value : []) certificates.add(certificate);
  }
  return ok([...certificates]);
}

function invalid(
  key: string,
  cause: Fault<FileFaultCode | "unreadable-certificates"> | undefined,
): Fault<"invalid-setting"> {
  return fault("invalid-setting", `Invalid '${key}'`, { cause, detail: { key } });
}
