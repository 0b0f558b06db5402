import { X509Certificate } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readText } from "../base/atomic-file.ts";
import { type Fault, FaultError, fault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";

export type TrustFault = Fault<"unreadable-certificates">;

/**
 * The certificates of a PEM file, or of all files of a directory, each once. Links are followed, sub-directories, private keys and whatever
 * is no certificate are skipped (spec/cli-and-config §7.12, spec/http-api §4.1).
 */
export async function readTrustedCertificates(path: string): Promise<Result<readonly string[], TrustFault>> {
  try {
    return ok(await readCertificatesAt(path));
  } catch (thrown) {
    const message = `failed to read from path ${path}: ${osErrorText(thrown)}`;
    return err(fault("unreadable-certificates", message));
  }
}

/** Like `readTrustedCertificates`, but throws what the operating system says. */
export async function readCertificatesAt(path: string): Promise<readonly string[]> {
  const texts = (await stat(path)).isDirectory() ? await readFilesOf(path) : [await readFileOf(path)];
  return [...new Set(texts.flatMap(certificatesIn))];
}

/** Like `readTrustedCertificates`, for the value of a key such as `c8y.root_cert_path`. */
export async function readRootCertificates(key: string, path: string): Promise<Result<readonly string[], TrustFault>> {
  const certificates = await readTrustedCertificates(path);
  if (certificates.ok) return certificates;
  const message = `Unable to read certificates from ${key}: ${certificates.fault.message}`;
  return err(fault("unreadable-certificates", message));
}

/** The certificates in a text, as PEM, in their order; blocks that cannot be decoded are left out. */
export function certificatesIn(text: string): readonly string[] {
  const blocks =
    text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block).toString()];
    } catch {
      return [];
    }
  });
}

/** How many certificates a text claims to have, whether or not they can be decoded. */
export function certificateBlocks(text: string): number {
  return text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----/g)?.length ?? 0;
}

async function readFileOf(path: string): Promise<string> {
  const text = await readText(path);
  if (!text.ok) throw new FaultError(text.fault);
  return text.value;
}

/** What cannot be read in a directory is as good as not there; a pipe would be read for ever. */
async function readFilesOf(directory: string): Promise<string[]> {
  const texts: string[] = [];
  for (const name of (await readdir(directory)).sort()) {
    const file = join(directory, name);
    if ((await stat(file).catch(() => undefined))?.isFile() !== true) continue;
    const text = await readText(file);
    if (text.ok) texts.push(text.value);
  }
  return texts;
}
