import { describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { certificatesIn, readRootCertificates, readTrustedCertificates } from "../../../src/security/certificates.ts";
import { CLOUD_DEVICE, MY_DEVICE, MY_DEVICE_KEY } from "../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

const plain = (pem: string) => pem.trim();

async function trusted(path: string): Promise<string[]> {
  const certificates = await readTrustedCertificates(path);
  if (!certificates.ok) throw new Error(certificates.fault.message);
  return certificates.value.map(plain);
}

describe("trusted certificates", () => {
  test("of a file are all its certificates, and nothing else of it", async () => {
    const text = `words\n${MY_DEVICE}${MY_DEVICE_KEY}-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n${CLOUD_DEVICE}`;
    const directory = await ConfigDirectory.make({ "ca.pem": text });
    expect(await trusted(directory.file("ca.pem"))).toEqual([MY_DEVICE, CLOUD_DEVICE].map(plain));
  });

  test("of a directory are those of its files, each once; links are followed, what is no certificate is skipped", async () => {
    const directory = await ConfigDirectory.make({
      "elsewhere.pem": CLOUD_DEVICE,
      "certs/a.crt": MY_DEVICE,
      "certs/again.pem": MY_DEVICE,
      "certs/key": MY_DEVICE_KEY,
    });
    await symlink("../elsewhere.pem", directory.file("certs/link"));
    await symlink("nowhere", directory.file("certs/dangling"));
    await mkdir(directory.file("certs/below"));
    expect((await trusted(directory.file("certs"))).sort()).toEqual([MY_DEVICE, CLOUD_DEVICE].map(plain).sort());
  });

  test("that cannot be read are a fault which names the key and the path", async () => {
    const directory = await ConfigDirectory.make();
    const read = await readRootCertificates("c8y.root_cert_path", directory.file("gone"));
    expect(read.ok ? "" : read.fault.message).toBe(
      `Unable to read certificates from c8y.root_cert_path: failed to read from path ${directory.file("gone")}: No such file or directory (os error 2)`,
    );
  });
});

test("a text without certificates has none", () => {
  expect(certificatesIn("-----BEGIN CERTIFICATE-----")).toEqual([]);
});
