import { join } from "node:path";
import { readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { TOKEN_DIRECTORY } from "./token-directory.ts";
import { localTokenPath, readLocalToken } from "./token-local.ts";
import { formatToken, parseToken } from "./token-text.ts";

/** Headers that make a request one of ours for the agent's HTTP server; none for a URL of anybody else. */
export type TokenHeaders = (url: string) => Promise<Result<Readonly<Record<string, string>>, TokenHeaderFault>>;

export type TokenHeaderFault = Fault<"invalid-setting" | "no-token">;

/**
 * The token that the configuration gives this process: that of `http.client.auth.token_file`, or, where `http.authz` is `entity`, the one
 * that the agent of this machine made for its own processes. It goes to `http.client.host` and its port only, and there only to the paths of
 * the agent; the gateway's own also to the address that its agent listens on.
 */
export function tokenHeaders(config: Config): TokenHeaders {
  const file = config.get("http.client.auth.token_file");
  if (file === undefined && config.get("http.authz") !== "entity") return async () => ok({});
  const servers = new Set(agentServers(config, file === undefined));
  return async (url) => {
    if (!isForAgent(servers, url)) return ok({});
    const token = file === undefined ? await localToken(config.directory) : await tokenOf(file);
    if (!token.ok) return token;
    return ok(token.value === undefined ? {} : { authorization: `Bearer ${token.value}` });
  };
}

function agentServers(config: Config, isGateway: boolean): readonly string[] {
  const clients = authority(config.get("http.client.host"), config.get("http.client.port"));
  if (!isGateway) return [clients];
  const [bound, port] = [config.get("http.bind.address"), config.get("http.bind.port")];
  return [clients, ...[bound, ...LOOPBACK].map((host) => authority(host, port))];
}

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

function isForAgent(servers: ReadonlySet<string>, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return false;
  if (!/^\/(?:te|tedge)\//.test(pathname)) return false;
  return servers.has(`${hostname}:${port === "" ? DEFAULT_PORTS[protocol] : port}`);
}

const DEFAULT_PORTS = { "http:": "80", "https:": "443" } as const;

/** As `URL` spells it. */
function authority(host: string, port: number): string {
  const bracketed = host.includes(":") ? `[${host}]` : host;
  const url = `http://${bracketed}/`;
  return `${URL.canParse(url) ? new URL(url).hostname : bracketed}:${port}`;
}

/** `undefined` before the agent made it. */
async function localToken(configDirectory: string): Promise<Result<string | undefined, TokenHeaderFault>> {
  const directory = { path: join(configDirectory, TOKEN_DIRECTORY) };
  const token = await readLocalToken(directory);
  if (token.ok) return ok(formatToken(token.value));
  if (token.fault.code === "not-found") return ok(undefined);
  const remedy = token.fault.code === "no-permission" ? ": run it as root or as the user of the agent" : "";
  const message = `The token of the gateway cannot be read from ${localTokenPath(directory)}${remedy}`;
  return err(fault("no-token", message, { cause: token.fault.cause ?? token.fault }));
}

async function tokenOf(path: string): Promise<Result<string, TokenHeaderFault>> {
  const invalid = (cause: Fault) => err(fault("invalid-setting", "Invalid 'http.client.auth.token_file'", { cause }));
  const text = await readText(path);
  if (!text.ok) return invalid(text.fault);
  const token = parseToken(text.value.trim());
  if (token !== undefined) return ok(formatToken(token));
  return invalid(fault("no-token", `${path} holds no token of \`tedge http-token create\``));
}
