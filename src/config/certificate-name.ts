import { X509Certificate } from "node:crypto";
import { readText } from "../base/atomic-file.ts";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";

/** What the subject of the certificate at a path says about the name of its owner. */
export type CertificateName =
  /** The common name; empty when the subject has none. */
  | { readonly kind: "named"; readonly commonName: string }
  | { readonly kind: "unreadable"; readonly fault: Fault }
  | { readonly kind: "broken"; readonly fault: Fault };

/** Looks at the first certificate of a PEM file. */
export async function readCertificateName(path: string): Promise<CertificateName> {
  const text = await readText(path);
  if (!text.ok) return { kind: "unreadable", fault: text.fault };
  const name = commonName(text.value);
  return name.ok ? { kind: "named", commonName: name.value } : { kind: "broken", fault: name.fault };
}

/** The common name in the subject of a PEM certificate, `""` when it has none. Code `invalid-certificate`. */
export function commonName(pem: string): Result<string, Fault<"invalid-certificate">> {
  try {
    const { subject } = new X509Certificate(firstCertificate(pem));
    const line = subject.split("\n").find((part) => part.startsWith("CN="));
    return ok(line === undefined ? "" : unescapeValue(line.slice("CN=".length)));
  } catch (thrown) {
    return err(fault("invalid-certificate", `Cannot decode the certificate: ${toFault(thrown).message}`));
  }
}

/** Text before the first certificate, such as its description, is not part of it. */
function firstCertificate(pem: string): string {
  return pem.slice(Math.max(0, pem.indexOf("-----BEGIN")));
}

function unescapeValue(text: string): string {
  return text.replace(/\\(.)/g, "$1");
}
