import { readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bothOrNone } from "../config/both-or-none.ts";
import { certificatesIn, readTrustedCertificates } from "./certificates.ts";

/** The identity of an HTTP server and whom it lets in; all PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Authorities of the client certificates that are demanded; without it, none is. */
  readonly clientCa?: readonly string[];
}

/** A setting: its name, for messages, and its value. */
export type PathSetting = readonly [name: string, path: string | undefined];

export type ServerTlsFault = Fault<"half-configured" | "unreadable-certificate" | "unreadable-key" | "no-client-ca">;

/** Reads what makes a server speak TLS; `undefined` when it is to speak plain HTTP (spec/http-api §4.1). */
export async function serverTls(settings: {
  readonly cert: PathSetting;
  readonly key: PathSetting;
  readonly ca: PathSetting;
}): Promise<Result<ServerTls | undefined, ServerTlsFault>> {
  const pair = bothOrNone(settings.cert, settings.key);
  if (!pair.ok) return pair;
  if (pair.value === undefined) return ok(undefined);
  const cert = await readCertificate(settings.cert[0], pair.value[0]);
  if (!cert.ok) return cert;
  const key = await readKey(settings.key[0], pair.value[1]);
  if (!key.ok) return key;
  if (settings.ca[1] === undefined) return ok({ cert: cert.value, key: key.value });
  const clientCa = await readClientCa(settings.ca[0], settings.ca[1]);
  return clientCa.ok ? ok({ cert: cert.value, key: key.value, clientCa: clientCa.value }) : clientCa;
}

async function readCertificate(name: string, path: string): Promise<Result<string, ServerTlsFault>> {
  const text = await readText(path);
  const refuse = (cause: Fault) =>
    err<ServerTlsFault>(fault("unreadable-certificate", `reading certificate configured in \`${name}\``, { cause }));
  if (!text.ok) {
    const message = `cannot open certificate file: ${JSON.stringify(path)}`;
    return refuse(fault("unreadable", message, { cause: text.fault }));
  }
  if (certificatesIn(text.value).length > 0) return text;
  return refuse(fault("not-pem", `parsing PEM-encoded certificate from ${JSON.stringify(path)}`));
}

async function readKey(name: string, path: string): Promise<Result<string, ServerTlsFault>> {
  const text = await readText(path);
  const refuse = (message: string, cause?: Fault) =>
    err<ServerTlsFault>(
      fault("unreadable-key", `reading private key configured in \`${name}\``, {
        cause: fault("unreadable", message, cause === undefined ? {} : { cause }),
      }),
    );
  if (!text.ok) return refuse(`cannot open certificate file: ${JSON.stringify(path)}`, text.fault);
  const [, label] = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text.value) ?? [];
  if (label?.endsWith("PRIVATE KEY") === true) return text;
  return refuse(
    `expected private key in ${JSON.stringify(path)}, ${FOUND[label ?? ""] ?? "found an unknown PEM-encoded item"}`,
  );
}

const FOUND: Readonly<Record<string, string>> = {
  "": "but found no PEM-encoded data",
  CERTIFICATE: "found an X509 certificate",
  "X509 CRL": "found a CRL",
};

async function readClientCa(name: string, path: string): Promise<Result<readonly string[], ServerTlsFault>> {
  const certificates = await readTrustedCertificates(path);
  const message = `reading root certificates configured in \`${name}\``;
  if (!certificates.ok) return err(fault("no-client-ca", message, { cause: certificates.fault }));
  if (certificates.value.length > 0) return certificates;
  return err(fault("no-client-ca", message, { cause: fault("empty", `no certificate found in ${path}`) }));
}
