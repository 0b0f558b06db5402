import { isIP } from "node:net";
import * as v from "valibot";
import { readText } from "../../base/atomic-file.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { osErrorText } from "../../base/os-error.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { AuthMethod } from "../../bridge/references.ts";
import type { BrokerEndpoint, BrokerTls } from "../../bus/session.ts";
import { readCertificateName } from "../../config/certificate-name.ts";
import type { Config } from "../../config/config.ts";
import { readConfigFile } from "../../config/config-file.ts";
import { readRootCertificates } from "../../security/certificates.ts";
import { type MapperFile, pathOf } from "./mapper-file.ts";
import { DEFAULT_ROOT_CERT_PATH } from "./mapper-values.ts";

/** How a user-defined mapper reaches its remote broker, everything resolved and read (spec/bridges-and-mappers §11.3). */
export interface MapperConnection {
  readonly endpoint: BrokerEndpoint;
  /** The device id. */
  readonly clientId: string;
  readonly clean: boolean;
  /** Seconds. */
  readonly keepAlive: number;
  /** Bytes on the wire. */
  readonly maxPacket: number;
}

export type ConnectionFault = Fault<"incomplete-connection" | "unreadable-credentials" | "unreadable-identity">;

const PLAIN_PORT = 1883;
const DEFAULT_KEEP_ALIVE = 60;
const LONGEST_KEEP_ALIVE = 65_535;

/** `auto` is by password where credentials are configured. */
export function authMethodOf(file: MapperFile | undefined): AuthMethod {
  const method = file?.settings.auth_method ?? "auto";
  if (method !== "auto") return method;
  return file?.settings.credentials_path === undefined ? "certificate" : "password";
}

/** The name in the certificate that the mapper identifies itself by; `undefined` with a password, or when it cannot be read. */
export async function mapperCommonName(file: MapperFile | undefined, config: Config): Promise<string | undefined> {
  if (authMethodOf(file) === "password") return undefined;
  const name = await readCertificateName(certificatePath(file, config));
  return name.kind === "named" ? name.commonName : undefined;
}

export async function resolveConnection(
  file: MapperFile,
  config: Config,
): Promise<Result<MapperConnection, ConnectionFault | Fault>> {
  const { url, bridge } = file.settings;
  if (url === undefined) {
    return err(incomplete(`'${file.path}' is missing a 'url' field required for the MQTT bridge`));
  }
  const access = await resolveAccess(file, config, url.port);
  if (!access.ok) return access;
  const commonName = await mapperCommonName(file, config);
  const clientId = commonName || file.settings.device.id || configuredId(config);
  if (clientId === undefined) {
    return err(incomplete(`No MQTT client ID could be determined: configure 'device.id' in '${file.path}'`));
  }
  const seconds = Math.ceil((bridge.keepalive_interval?.milliseconds ?? DEFAULT_KEEP_ALIVE * 1_000) / 1_000);
  const host = hostToDial(url.host);
  return ok({
    endpoint: { host, port: url.port, ...access.value },
    clientId,
    clean: bridge.clean_session,
    keepAlive: Math.min(seconds, LONGEST_KEEP_ALIVE),
    maxPacket: bridge.max_payload_size,
  });
}

type Access = Pick<BrokerEndpoint, "tls" | "credentials">;

async function resolveAccess(file: MapperFile, config: Config, port: number): Promise<Result<Access>> {
  const wanted = file.settings.bridge.tls.enable;
  const encrypted = wanted === "auto" ? port !== PLAIN_PORT : wanted;
  return authMethodOf(file) === "certificate"
    ? await accessByCertificate(file, config, encrypted)
    : await accessByPassword(file, encrypted);
}

async function accessByCertificate(file: MapperFile, config: Config, encrypted: boolean): Promise<Result<Access>> {
  if (!encrypted) {
    return err(
      incomplete(
        "certificate authentication requires TLS, but TLS is disabled for this mapper. " +
          `Set bridge.tls.enable = "on" or auth_method = "password" in '${file.path}'`,
      ),
    );
  }
  const cert = await readIdentity("device.cert_path", certificatePath(file, config));
  if (!cert.ok) return cert;
  const keyPath = file.settings.device.key_path;
  const key = await readIdentity(
    "device.key_path",
    keyPath === undefined ? config.get("device.key_path") : pathOf(file, keyPath),
  );
  if (!key.ok) return key;
  const tls = await trust(file);
  return tls.ok ? ok({ tls: { ...tls.value, cert: cert.value, key: key.value } }) : tls;
}

async function accessByPassword(file: MapperFile, encrypted: boolean): Promise<Result<Access>> {
  const path = file.settings.credentials_path;
  if (path === undefined) {
    return err(incomplete(`'${file.path}' sets auth_method = "password" but no credentials_path is configured`));
  }
  const credentials = await readCredentials(pathOf(file, path));
  if (!credentials.ok || !encrypted) return credentials.ok ? ok({ credentials: credentials.value }) : credentials;
  const tls = await trust(file);
  return tls.ok ? ok({ tls: tls.value, credentials: credentials.value }) : tls;
}

async function trust(file: MapperFile): Promise<Result<BrokerTls>> {
  const configured = file.settings.device.root_cert_path;
  const path = configured === undefined ? DEFAULT_ROOT_CERT_PATH : pathOf(file, configured);
  const ca = await readRootCertificates("device.root_cert_path", path);
  return ca.ok ? ok({ ca: ca.value }) : ca;
}

const credentialsSchema = v.object({ credentials: v.object({ username: v.string(), password: v.string() }) });

async function readCredentials(
  path: string,
): Promise<Result<{ readonly username: string; readonly password: string }>> {
  const file = await readConfigFile(path);
  const message = `Cannot read the credentials of the mapper from ${path}`;
  if (!file.ok) return err(fault("unreadable-credentials", message, { cause: file.fault }));
  if (file.value === undefined) return err(fault("unreadable-credentials", `${message}: there is no such file`));
  const parsed = v.safeParse(credentialsSchema, file.value.table);
  if (parsed.success) return ok(parsed.output.credentials);
  // What was found is not told: it may be a password in the wrong place.
  return err(fault("unreadable-credentials", `${message}: it needs 'username' and 'password' under [credentials]`));
}

async function readIdentity(key: string, path: string): Promise<Result<string>> {
  const text = await readText(path);
  if (text.ok) return text;
  return err(fault("unreadable-identity", `Cannot read '${key}' from ${path}: ${osErrorText(text.fault)}`));
}

function certificatePath(file: MapperFile | undefined, config: Config): string {
  const path = file?.settings.device.cert_path;
  return file === undefined || path === undefined ? config.get("device.cert_path") : pathOf(file, path);
}

function configuredId(config: Config): string | undefined {
  return config.get("device.id") || undefined;
}

/** Without the brackets that an IPv6 address has in a URL. */
function hostToDial(host: string): string {
  const inside = host.replace(/^\[(.*)\]$/, "$1");
  return isIP(inside) === 6 ? inside : host;
}

function incomplete(message: string): Fault<"incomplete-connection"> {
  return fault("incomplete-connection", message);
}
