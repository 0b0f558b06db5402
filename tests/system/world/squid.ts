import { chmod, chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts } from "./accepts.ts";
import { freePort } from "./free-port.ts";
import { runProgram, startProgram } from "./program.ts";
import { tempDir } from "./temp-dir.ts";
import type { TestIdentity } from "./test-authority.ts";
import { waitUntil } from "./wait-until.ts";

/** A real squid, an HTTP proxy on ports of 127.0.0.1. It takes every name that ends in `.test` for 127.0.0.1. */
export interface Squid extends AsyncDisposable {
  readonly port: number;
  /** The same by TLS. */
  readonly tlsPort: number;
  /** `TCP_TUNNEL/200 CONNECT cloud.test:443 user`, a line for each request that ended. */
  requests(): Promise<readonly string[]>;
}

export interface SquidOptions {
  readonly tls: Pick<TestIdentity, "certPath" | "keyPath">;
  /** Whom it lets in; everybody without it. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Names that it knows. */
  readonly hosts: readonly string[];
}

/** Resolves once it accepts connections. */
export async function startSquid({ tls, user, hosts }: SquidOptions): Promise<Squid> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await tempDir("squid")).path;
  const [port, tlsPort] = [await freePort(), await freePort()];
  const file = (name: string) => join(root, name);
  const lines = [
    `http_port 127.0.0.1:${port}`,
    `https_port 127.0.0.1:${tlsPort} tls-cert=${tls.certPath} tls-key=${tls.keyPath}`,
    `hosts_file ${file("hosts")}`,
    ...(user === undefined ? [] : [`auth_param basic program ${CHECKER} ${file("passwords")}`]),
    user === undefined ? "acl known src all" : "acl known proxy_auth REQUIRED",
    "http_access allow known",
    "http_access deny all",
    "cache deny all",
    "shutdown_lifetime 0 seconds",
    "pinger_enable off",
    `pid_filename ${file("pid")}`,
    "logformat short %Ss/%03>Hs %rm %ru %un",
    `access_log stdio:${file("requests.log")} short`,
    "buffered_logs off",
    `cache_log ${file("squid.log")}`,
    `coredump_dir ${root}`,
  ];
  await writeFile(file("squid.conf"), `${lines.join("\n")}\n`);
  await writeFile(file("hosts"), `127.0.0.1 ${hosts.join(" ")}\n`);
  if (user !== undefined) {
    const hash = await runProgram(["openssl", "passwd", "-apr1", user.password]);
    await writeFile(file("passwords"), `${user.name}:${hash}`);
  }
  await giveTo("proxy", root);
  stack.use(startProgram([SQUID, "-N", "-f", file("squid.conf")]));
  await waitUntil("squid listens", async () => (await accepts(port)) && (await accepts(tlsPort)), { timeout: 30_000 });
  const requests = async () => (await readFile(file("requests.log"), "utf8")).split("\n").filter(isRequest);
  const kept = stack.move();
  return { port, tlsPort, requests, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Whoever only looked whether it listens asked for nothing. */
function isRequest(line: string): boolean {
  return line !== "" && !line.startsWith("NONE_NONE/000 -");
}

/** One that root starts runs as another user, as Debian builds it. */
async function giveTo(user: string, directory: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  await chmod(directory, 0o755);
  await chown(directory, Number(await runProgram(["id", "-u", user])), Number(await runProgram(["id", "-g", user])));
}

/** Debian keeps it in /usr/sbin, which is not in everybody's PATH. */
const SQUID = Bun.which("squid", { PATH: `${process.env.PATH ?? ""}:/usr/sbin` }) ?? "squid";
const CHECKER = "/usr/lib/squid/basic_ncsa_auth";
