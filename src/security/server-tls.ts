import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readText } from "../base/atomic-file.ts";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { quoteText } from "../base/quoted-text.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bothOrNone } from "../config/both-or-none.ts";
import { certificateBlocks, certificatesIn, readCertificatesAt } from "./certificates.ts";

/** The identity of an HTTP server and whom it lets in; all PEM. */
export interface ServerTls {
  /** The whole chain, the server's own certificate first. */
  readonly cert: string;
  /** PKCS#8, whatever the file has. */
  readonly key: string;
  /** Authorities of the client certificates that are demanded; without it, none is. */
  readonly clientCa?: readonly string[];
}

/** A setting: its name, for messages, and its value. */
export type PathSetting = readonly [name: string, path: string | undefined];

export interface ServerTlsSettings {
  readonly cert: PathSetting;
  readonly key: PathSetting;
  /** A directory, or a file (spec/http-api §4.1). */
  readonly ca: PathSetting;
}

export type ServerTlsFault = Fault<
  "half-configured" | "unreadable-certificate" | "unreadable-key" | "invalid-pair" | "no-client-ca"
>;

/** Reads what makes a server speak TLS; `undefined` when it is to speak plain HTTP (spec/http-api §4.1). */
export async function serverTls(settings: ServerTlsSettings): Promise<Result<ServerTls | undefined, ServerTlsFault>> {
  const pair = bothOrNone(settings.cert, settings.key);
  if (!pair.ok) return pair;
  if (pair.value === undefined) return ok(undefined);
  const [certPath, keyPath] = pair.value;
  const chain = await readChain(settings.cert[0], certPath);
  if (!chain.ok) return chain;
  const key = await readKey(settings.key[0], keyPath);
  if (!key.ok) return key;
  const [own] = chain.value;
  if (own === undefined) return err(invalidPair(`no certificate found in ${quoteText(certPath)}`));
  if (!new X509Certificate(own).checkPrivateKey(key.value)) {
    const why = `the first certificate in ${quoteText(certPath)} does not belong to the private key in ${quoteText(keyPath)}`;
    return err(invalidPair(why));
  }
  const identity = { cert: chain.value.join(""), key: key.value.export({ type: "pkcs8", format: "pem" }).toString() };
  if (settings.ca[1] === undefined) return ok(identity);
  const clientCa = await readClientCa(settings.ca[0], settings.ca[1]);
  return clientCa.ok ? ok({ ...identity, clientCa: clientCa.value }) : clientCa;
}

function invalidPair(why: string): ServerTlsFault {
  return fault("invalid-pair", "invalid key or certificate", { cause: fault("invalid-pair", why) });
}

async function readChain(name: string, path: string): Promise<Result<readonly string[], ServerTlsFault>> {
  const refuse = (message: string, cause?: Fault) =>
    err(
      fault("unreadable-certificate", `reading certificate configured in \`${name}\``, {
        cause: fault("unreadable", message, cause === undefined ? {} : { cause }),
      }),
    );
  const text = await readText(path);
  if (!text.ok) return refuse(`cannot open certificate file: ${quoteText(path)}`, osReason(text.fault));
  const certificates = certificatesIn(text.value);
  if (certificates.length === certificateBlocks(text.value)) return ok(certificates);
  return refuse(`parsing PEM-encoded certificate from ${quoteText(path)}`);
}

async function readKey(name: string, path: string): Promise<Result<KeyObject, ServerTlsFault>> {
  const refuse = (message: string, cause?: Fault) =>
    err(
      fault("unreadable-key", `reading private key configured in \`${name}\``, {
        cause: fault("unreadable", message, cause === undefined ? {} : { cause }),
      }),
    );
  const text = await readText(path);
  if (!text.ok) return refuse(`cannot open certificate file: ${quoteText(path)}`, osReason(text.fault));
  const block = firstItem(text.value);
  const expected = `expected private key in ${quoteText(path)}`;
  if (block === undefined) return refuse(`${expected}, but found no PEM-encoded data`);
  if (!KEY_LABELS.has(block.label)) return refuse(`${expected}, ${FOUND[block.label] ?? FOUND_UNKNOWN}`);
  try {
    return ok(createPrivateKey(block.pem));
  } catch (thrown) {
    return refuse(`${expected}, but it cannot be decoded`, toFault(thrown));
  }
}

/** The first PEM item but for the parameters that OpenSSL writes before an EC key. */
function firstItem(text: string): { readonly label: string; readonly pem: string } | undefined {
  for (const [pem, label = ""] of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-----END \1-----)?/g)) {
    if (label !== "EC PARAMETERS") return { label, pem };
  }
  return undefined;
}

const KEY_LABELS: ReadonlySet<string> = new Set(["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"]);

const FOUND_UNKNOWN = "found an unknown PEM-encoded item";
const FOUND: Readonly<Record<string, string>> = {
  CERTIFICATE: "found an X509 certificate",
  "X509 CRL": "found a CRL",
  "ENCRYPTED PRIVATE KEY": "found an encrypted private key, for which there is no password",
};

async function readClientCa(name: string, path: string): Promise<Result<readonly string[], ServerTlsFault>> {
  const refuse = (cause: Fault) =>
    err<ServerTlsFault>(fault("no-client-ca", `reading root certificates configured in \`${name}\``, { cause }));
  try {
    const certificates = await readCertificatesAt(path);
    return certificates.length > 0 ? ok(certificates) : refuse(fault("empty", `no certificate found in ${path}`));
  } catch (thrown) {
    return refuse(fault("unreadable", `reading ${path}`, { cause: fault("io", osErrorText(thrown)) }));
  }
}

/** What the operating system said, without the path once more. */
function osReason(unreadable: Fault): Fault {
  return unreadable.cause ?? unreadable;
}
