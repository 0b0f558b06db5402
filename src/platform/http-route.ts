import { type HostPattern, isLoopback, plainHost } from "./host-pattern.ts";
import type { ClientTls, HttpProxy, HttpRoute } from "./http-client.ts";

/** How everything that tebus asks over HTTP is asked (spec/http-api §§7, 9). */
export interface HttpClientSettings {
  /** Default: no identity, trust of the system. */
  readonly tls?: ClientTls;
  /** The same for our own servers; default as `tls`. */
  readonly ownTls?: ClientTls;
  /** Where our own servers are, besides the loopback of this machine: `http.client.host` and the like. */
  readonly ownHosts?: readonly string[];
  readonly proxy?: HttpProxy;
  /** Hosts that are reached without the proxy. */
  readonly noProxy?: HostPattern;
}

/** How one URL is reached: our own servers and the loopback never through a proxy. The URL is a valid one. */
export function routeTo(url: string, settings: HttpClientSettings): HttpRoute {
  const { hostname, port, protocol } = new URL(url);
  const host = plainHost(hostname);
  const isOwn = isLoopback(host, 0) || (settings.ownHosts ?? []).some((own) => plainHost(own) === host);
  const tls = isOwn ? (settings.ownTls ?? settings.tls) : settings.tls;
  const usedPort = port === "" ? DEFAULT_PORTS[protocol] : Number(port);
  const isDirect = isOwn || settings.proxy === undefined || settings.noProxy?.(host, usedPort ?? 0) === true;
  return { ...(tls === undefined ? {} : { tls }), ...(isDirect ? {} : { proxy: settings.proxy }) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
