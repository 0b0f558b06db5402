import { readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bothOrNone } from "../config/both-or-none.ts";
import type { Config } from "../config/config.ts";
import { readTrustedCertificates } from "./certificates.ts";

/** How the local broker is reached: the shape that the MQTT session takes. Certificates and keys are PEM text. */
export interface LocalBrokerEndpoint {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly ca: readonly string[];
    readonly cert?: string;
    readonly key?: string;
    /** The host, also when it is an address. */
    readonly serverName: string;
  };
  readonly credentials?: { readonly username: string; readonly password?: string };
}

export type EndpointFault = Fault<"invalid-setting" | "half-configured">;

const PLAIN_PORT = 1883;
const TLS_PORT = 8883;

/**
 * Reads `mqtt.client.*` with all the files it points at (spec/mqtt-api §14.3). TLS is used if authorities to trust are configured.
 * A setting that cannot be honoured is a fault, never silence.
 */
export async function localBrokerEndpoint(
  config: Config,
  warn: (text: string) => void,
): Promise<Result<LocalBrokerEndpoint, EndpointFault>> {
  const ca = await readAuthorities(config);
  if (!ca.ok) return ca;
  const identity = await readIdentity(config);
  if (!identity.ok) return identity;
  const credentials = await readCredentials(config);
  if (!credentials.ok) return credentials;
  const [host, port] = [config.get("mqtt.client.host"), config.get("mqtt.client.port")];
  const encrypted = ca.value.length > 0;
  if (encrypted && port === PLAIN_PORT) warn(`TLS is used on port ${port}, which normally is without TLS`);
  if (!encrypted && port === TLS_PORT) warn(`TLS is not used on port ${port}, which normally is with TLS`);
  if (!encrypted && identity.value !== undefined) {
    warn("The client certificate for the local broker is not used, since no mqtt.client.auth.ca_file or ca_dir is set");
  }
  return ok({
    host,
    port,
    ...(encrypted ? { tls: { ca: ca.value, ...identity.value, serverName: host } } : {}),
    ...(credentials.value === undefined ? {} : { credentials: credentials.value }),
  });
}

async function readAuthorities(config: Config): Promise<Result<readonly string[], EndpointFault>> {
  const all = new Set<string>();
  let named: readonly [key: string, path: string] | undefined;
  for (const key of ["mqtt.client.auth.ca_file", "mqtt.client.auth.ca_dir"] as const) {
    const path = config.get(key);
    if (path === undefined) continue;
    const certificates = await readTrustedCertificates(path);
    if (!certificates.ok) return err(invalid(key, certificates.fault));
    for (const certificate of certificates.value) all.add(certificate);
    named = [key, path];
  }
  if (named === undefined || all.size > 0) return ok([...all]);
  return err(invalid(named[0], fault("no-certificate", `no certificate found in ${named[1]}`)));
}

async function readIdentity(
  config: Config,
): Promise<Result<{ readonly cert: string; readonly key: string } | undefined, EndpointFault>> {
  const [certKey, keyKey] = ["mqtt.client.auth.cert_file", "mqtt.client.auth.key_file"] as const;
  const pair = bothOrNone([certKey, config.get(certKey)], [keyKey, config.get(keyKey)]);
  if (!pair.ok) return pair;
  if (pair.value === undefined) return ok(undefined);
  const cert = await readSettingFile(certKey, pair.value[0]);
  if (!cert.ok) return cert;
  const key = await readSettingFile(keyKey, pair.value[1]);
  return key.ok ? ok({ cert: cert.value, key: key.value }) : key;
}

async function readCredentials(
  config: Config,
): Promise<Result<{ readonly username: string; readonly password?: string } | undefined, EndpointFault>> {
  const username = config.get("mqtt.client.auth.username");
  if (username === undefined) return ok(undefined);
  const path = config.get("mqtt.client.auth.password_file");
  if (path === undefined) return ok({ username });
  const text = await readSettingFile("mqtt.client.auth.password_file", path);
  if (!text.ok) return text;
  const [password = ""] = text.value.split(/\r?\n/, 1);
  return ok({ username, password });
}

async function readSettingFile(key: string, path: string): Promise<Result<string, EndpointFault>> {
  const text = await readText(path);
  if (text.ok) return text;
  const cause = fault(text.fault.code, `failed to read from path ${path}: ${osErrorText(text.fault)}`);
  return err(invalid(key, cause));
}

function invalid(key: string, cause: Fault): EndpointFault {
  return fault("invalid-setting", `Invalid '${key}'`, { cause, detail: { key } });
}
