import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A key and its certificate, PEM files in one directory. */
export interface TestIdentity {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  readonly key: string;
}

export interface IdentityOptions {
  /** Names and addresses that it stands for: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  /** Whose authority signs it; default: itself. */
  readonly issuer?: TestIdentity;
  /** May sign others. Default: false. */
  readonly authority?: boolean;
  /** Another key than a new one for P-256: its file. */
  readonly keyPath?: string;
}

/** Makes `<name>.pem` and `<name>.key` in `directory` by OpenSSL; valid for two days. */
export function makeIdentity(directory: string, name: string, options: IdentityOptions = {}): TestIdentity {
  const certPath = join(directory, `${name}.pem`);
  const keyPath = options.keyPath ?? join(directory, `${name}.key`);
  const { issuer, names, authority = false } = options;
  openssl([
    ...["req", "-x509", "-days", "2", "-subj", `/CN=${name}`, "-out", certPath],
    ...(options.keyPath === undefined ? [...NEW_KEY, "-keyout", keyPath] : ["-key", keyPath]),
    ...(issuer === undefined ? [] : ["-CA", issuer.certPath, "-CAkey", issuer.keyPath]),
    ...(names === undefined ? [] : ["-addext", `subjectAltName=${names}`]),
    ...["-addext", `basicConstraints=critical,CA:${authority ? "TRUE" : "FALSE"}`],
  ]);
  return { certPath, keyPath, cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Runs OpenSSL; throws what it says when it fails. */
export function openssl(args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["openssl", ...args]);
  if (exitCode !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
