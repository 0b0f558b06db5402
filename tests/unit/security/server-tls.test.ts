import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describeFault } from "../../../src/base/fault.ts";
import { type ServerTls, serverTls } from "../../../src/security/server-tls.ts";
import { type TempDir, tempDir } from "../../system/world/temp-dir.ts";
import { makeIdentity, openssl, type TestIdentity } from "../../system/world/test-authority.ts";

let directory: TempDir;
let ca: TestIdentity;
let server: TestIdentity;
let other: TestIdentity;

beforeAll(async () => {
  directory = await tempDir("server-tls");
  ca = makeIdentity(directory.path, "ca", { authority: true });
  server = makeIdentity(directory.path, "server", { issuer: ca, names: "IP:127.0.0.1" });
  other = makeIdentity(directory.path, "other");
});

afterAll(() => directory.remove());

function file(name: string, content: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, content);
  return path;
}

/** `files` become the entries of a new directory. */
function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(directory.path, name);
  mkdirSync(path);
  for (const [entry, content] of Object.entries(files)) writeFileSync(join(path, entry), content);
  return path;
}

function load(cert: string | undefined, key: string | undefined, caPath?: string) {
  return serverTls({ cert: ["http.cert_path", cert], key: ["http.key_path", key], ca: ["http.ca_path", caPath] });
}

async function loaded(cert: string, key: string, caPath?: string): Promise<ServerTls> {
  const tls = await load(cert, key, caPath);
  if (!tls.ok) throw new Error(describeFault(tls.fault));
  if (tls.value === undefined) throw new Error("plain HTTP");
  return tls.value;
}

/** The chain of the fault, with `<d>` for the directory of the tests. */
async function refusal(cert: string | undefined, key: string | undefined, caPath?: string): Promise<string> {
  const tls = await load(cert, key, caPath);
  return tls.ok ? "accepted" : describeFault(tls.fault).replaceAll(directory.path, "<d>");
}

describe("a server", () => {
  test("speaks plain HTTP without certificate and key, whatever authorities are configured", async () => {
    expect(await load(undefined, undefined)).toEqual({ ok: true, value: undefined });
    expect(await load(undefined, undefined, "/nowhere")).toEqual({ ok: true, value: undefined });
  });

  test("with one of the two does not start", async () => {
    expect(await refusal(server.certPath, undefined)).toBe(
      'The thin-edge configuration is invalid. The settings ["http.cert_path", "http.key_path"] must either all be configured, or all unset. ' +
        'Currently ["http.cert_path"] are set, and ["http.key_path"] are unset.',
    );
    expect(await refusal(undefined, server.keyPath)).toContain('Currently ["http.key_path"] are set');
  });

  test("shows the whole chain of its file, in its order, and nothing else of the file", async () => {
    const path = file("chain.pem", `subject: server\n${server.cert}${server.key}\n${ca.cert.replaceAll("\n", "\r\n")}`);
    const tls = await loaded(path, server.keyPath);
    expect(tls.cert).toBe(server.cert + ca.cert);
    expect(tls.clientCa).toBeUndefined();
  });

  test("follows links to its files", async () => {
    symlinkSync(basename(server.certPath), join(directory.path, "cert-link"));
    symlinkSync(server.keyPath, join(directory.path, "key-link"));
    const tls = await loaded(join(directory.path, "cert-link"), join(directory.path, "key-link"));
    expect(tls.cert).toBe(server.cert);
  });
});

describe("a private key", () => {
  const FORMATS: Readonly<Record<string, readonly (readonly string[])[]>> = {
    "RSA in PKCS#1": [["genrsa", "-traditional", "-out", "$", "2048"]],
    "RSA in PKCS#8": [["genpkey", "-algorithm", "RSA", "-out", "$"]],
    "EC in SEC1, after its parameters": [["ecparam", "-name", "prime256v1", "-genkey", "-out", "$"]],
    "EC in SEC1 alone": [["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "$"]],
    "EC in PKCS#8": [["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "$"]],
    "Ed25519 in PKCS#8": [["genpkey", "-algorithm", "ed25519", "-out", "$"]],
  };

  test.each(Object.entries(FORMATS))("may be %s", async (name, commands) => {
    const keyPath = join(directory.path, `${name.replaceAll(/\W/g, "-")}.key`);
    for (const command of commands) openssl(command.map((word) => (word === "$" ? keyPath : word)));
    const identity = makeIdentity(directory.path, name.replaceAll(/\W/g, "-"), { keyPath });
    const tls = await loaded(identity.certPath, keyPath);
    expect(tls.cert).toBe(identity.cert);
    expect(tls.key).toStartWith("-----BEGIN PRIVATE KEY-----");
    const served = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("ok") });
    try {
      const answer = await fetch(`https://127.0.0.1:${served.port}/`, {
        tls: { ca: identity.cert, checkServerIdentity: () => undefined },
      });
      expect(await answer.text()).toBe("ok");
    } finally {
      await served.stop(true);
    }
  });
});

describe("a pair that cannot be used is refused with the setting, the file and the reason:", () => {
  const CASES: Readonly<Record<string, readonly [cert: () => string, key: () => string, why: string]>> = {
    "no certificate file": [
      () => join(directory.path, "gone"),
      () => server.keyPath,
      'reading certificate configured in `http.cert_path`: cannot open certificate file: "<d>/gone": No such file or directory (os error 2)',
    ],
    "a directory for a certificate": [
      () => directory.path,
      () => server.keyPath,
      'reading certificate configured in `http.cert_path`: cannot open certificate file: "<d>": Is a directory (os error 21)',
    ],
    "a certificate that is cut off": [
      () => file("cut.pem", server.cert.slice(0, 300)),
      () => server.keyPath,
      'reading certificate configured in `http.cert_path`: parsing PEM-encoded certificate from "<d>/cut.pem"',
    ],
    "a chain of which one certificate is none": [
      () => file("half.pem", `${server.cert}-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n`),
      () => server.keyPath,
      'reading certificate configured in `http.cert_path`: parsing PEM-encoded certificate from "<d>/half.pem"',
    ],
    "an empty chain": [
      () => file("empty.pem", ""),
      () => server.keyPath,
      'invalid key or certificate: no certificate found in "<d>/empty.pem"',
    ],
    "a key for a certificate": [
      () => server.keyPath,
      () => server.keyPath,
      'invalid key or certificate: no certificate found in "<d>/server.key"',
    ],
    "no key file": [
      () => server.certPath,
      () => join(directory.path, "gone"),
      'reading private key configured in `http.key_path`: cannot open certificate file: "<d>/gone": No such file or directory (os error 2)',
    ],
    "a key file without PEM": [
      () => server.certPath,
      () => file("text.key", "no key"),
      'reading private key configured in `http.key_path`: expected private key in "<d>/text.key", but found no PEM-encoded data',
    ],
    "a certificate before the key": [
      () => server.certPath,
      () => file("both.key", server.cert + server.key),
      'reading private key configured in `http.key_path`: expected private key in "<d>/both.key", found an X509 certificate',
    ],
    "a revocation list": [
      () => server.certPath,
      () => file("crl.key", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
      'reading private key configured in `http.key_path`: expected private key in "<d>/crl.key", found a CRL',
    ],
    "a public key": [
      () => server.certPath,
      () => file("public.key", openssl(["pkey", "-in", server.keyPath, "-pubout"])),
      'reading private key configured in `http.key_path`: expected private key in "<d>/public.key", found an unknown PEM-encoded item',
    ],
    "an encrypted key": [
      () => server.certPath,
      () => file("secret.key", openssl(["pkcs8", "-topk8", "-in", server.keyPath, "-passout", "pass:x"])),
      'reading private key configured in `http.key_path`: expected private key in "<d>/secret.key", found an encrypted private key, for which there is no password',
    ],
    "the key of another": [
      () => server.certPath,
      () => other.keyPath,
      'invalid key or certificate: the first certificate in "<d>/server.pem" does not belong to the private key in "<d>/other.key"',
    ],
    "a chain that begins with the authority": [
      () => file("reversed.pem", ca.cert + server.cert),
      () => server.keyPath,
      'invalid key or certificate: the first certificate in "<d>/reversed.pem" does not belong to the private key in "<d>/server.key"',
    ],
  };

  test.each(Object.entries(CASES))("%s", async (_what, [cert, key, why]) => {
    expect(await refusal(cert(), key())).toBe(why);
  });

  test("a key that is damaged", async () => {
    const damaged = file("damaged.key", server.key.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA"));
    expect(await refusal(server.certPath, damaged)).toStartWith(
      'reading private key configured in `http.key_path`: expected private key in "<d>/damaged.key", but it cannot be decoded',
    );
  });
});

describe("the authorities of clients", () => {
  const withCa = (path: string) => loaded(server.certPath, server.keyPath, path);

  test("may be one file with several certificates", async () => {
    const tls = await withCa(file("two.pem", ca.cert + other.cert));
    expect(tls.clientCa).toEqual([ca.cert, other.cert]);
  });

  test("are those of all files of a directory, links included; what is no certificate is ignored", async () => {
    const path = folder("authorities", {
      "a.whatever": ca.cert,
      "key.pem": server.key,
      "bad.pem": "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n",
      "text.txt": "words",
      "unreadable.pem": other.cert,
    });
    chmodSync(join(path, "unreadable.pem"), 0);
    mkdirSync(join(path, "below"));
    writeFileSync(join(path, "below", "deep.pem"), server.cert);
    symlinkSync(`../${basename(other.certPath)}`, join(path, "relative"));
    symlinkSync(ca.certPath, join(path, "absolute"));
    symlinkSync("nowhere", join(path, "dangling"));
    expect([...((await withCa(path)).clientCa ?? [])].sort()).toEqual([ca.cert, other.cert].sort());
  });

  test("are read past what cannot be read to an end", async () => {
    const path = folder("with-pipe", { "ca.pem": ca.cert });
    Bun.spawnSync(["mkfifo", join(path, "a-pipe")]);
    expect((await withCa(path)).clientCa).toEqual([ca.cert]);
  });

  test("that are not there, or none, are refused", async () => {
    expect(await refusal(server.certPath, server.keyPath, join(directory.path, "gone"))).toBe(
      "reading root certificates configured in `http.ca_path`: reading <d>/gone: No such file or directory (os error 2)",
    );
    expect(await refusal(server.certPath, server.keyPath, folder("none", { "key.pem": server.key }))).toBe(
      "reading root certificates configured in `http.ca_path`: no certificate found in <d>/none",
    );
  });

  test("are normalised to what a server takes", async () => {
    const trusted = openssl(["x509", "-in", ca.certPath, "-trustout"]);
    expect(trusted).toContain("BEGIN TRUSTED CERTIFICATE");
    expect((await withCa(file("trusted.pem", trusted))).clientCa).toEqual([readFileSync(ca.certPath, "utf8")]);
  });
});
