import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accepts } from "./accepts.ts";
import { freePort } from "./free-port.ts";
import { startProgram } from "./program.ts";
import { tempDir } from "./temp-dir.ts";
import type { TestIdentity } from "./test-authority.ts";
import { waitUntil } from "./wait-until.ts";

/** A real nginx on a port of 127.0.0.1 that offers the files of a directory and takes uploads into it. */
export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** The files that it offers. */
  readonly directory: string;
  /** `GET /x HTTP/1.1 206 <range> <name of the client certificate>`, a line for each request that was answered. */
  requests(): Promise<readonly string[]>;
}

export interface NginxOptions {
  /** It speaks TLS. */
  readonly tls?: Pick<TestIdentity, "certPath" | "keyPath">;
  /** It lets in only clients with a certificate by an authority of this file. */
  readonly clientCa?: string;
  /** More lines for its `server` block. */
  readonly config?: readonly string[];
}

/** Resolves once it accepts connections. */
export async function startNginx({ tls, clientCa, config = [] }: NginxOptions = {}): Promise<Nginx> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await tempDir("nginx")).path;
  const directory = join(root, "files");
  await mkdir(directory);
  // The workers of one that root started run as another user.
  for (const path of [root, directory]) await chmod(path, 0o777);
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const lines = [
    "daemon off; master_process off; error_log stderr; pid nginx.pid; events {}",
    "http {",
    ...temporary.map((name) => `${name}_temp_path temp;`),
    "log_format short '$request $status $http_range $ssl_client_s_dn'; access_log requests.log short;",
    `server { listen 127.0.0.1:${port}${tls === undefined ? "" : " ssl"};`,
    ...(tls === undefined ? [] : [`ssl_certificate ${tls.certPath}; ssl_certificate_key ${tls.keyPath};`]),
    ...(clientCa === undefined ? [] : [`ssl_client_certificate ${clientCa}; ssl_verify_client on;`]),
    "root files; dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 0;",
    ...config,
    "} }",
  ];
  await writeFile(join(root, "nginx.conf"), lines.join("\n"));
  const program = stack.use(startProgram([NGINX, "-p", root, "-c", join(root, "nginx.conf")]));
  await waitUntil(`nginx listens on port ${port}: ${program.stderr()}`, () => accepts(port));
  const requests = async () => (await readFile(join(root, "requests.log"), "utf8")).split("\n").slice(0, -1);
  const kept = stack.move();
  return { port, directory, requests, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Debian keeps it in /usr/sbin, which is not in everybody's PATH. */
const NGINX = Bun.which("nginx", { PATH: `${process.env.PATH ?? ""}:/usr/sbin` }) ?? "nginx";
