import type { DenoRuntime } from "./deno.ts";

/** How a client proves who it is and whom it trusts; all PEM. */
export interface ClientTls {
  /** Certificates of authorities to trust; without it, those of the system. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** A proxy that requests go through: `https:` by a tunnel (CONNECT), `http:` by their whole URL. */
export interface HttpProxy {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** How one request gets to its server. */
export interface HttpRoute {
  readonly tls?: ClientTls;
  readonly proxy?: HttpProxy;
}

export type HttpInit = RequestInit & { readonly duplex?: "half" };

/**
 * `fetch` of the runtime with an identity, trust and a proxy of our own. Redirects are not followed. The body of the answer is given as it
 * came, not decompressed, when the request asks for `identity`. On Bun the proxies of the environment are ignored (spec/http-api §9); Deno
 * takes them where we have none. Rejects as `fetch` does.
 */
export async function httpFetch(url: string, init: HttpInit, route: HttpRoute = {}): Promise<Response> {
  return typeof Deno === "undefined" ? await fetchOnBun(url, init, route) : await fetchOnDeno(Deno, url, init, route);
}

async function fetchOnBun(url: string, init: HttpInit, { tls, proxy }: HttpRoute): Promise<Response> {
  return await fetch(url, {
    ...init,
    redirect: "manual",
    decompress: false,
    proxy: proxy === undefined ? false : { url: proxy.url, headers: bunCredentials(proxy), respectNoProxy: false },
    ...(tls === undefined ? {} : { tls: bunTls(tls) }),
  });
}

function bunCredentials({ credentials }: HttpProxy): Record<string, string> {
  if (credentials === undefined) return {};
  const both = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return { "proxy-authorization": `Basic ${both}` };
}

function bunTls(tls: ClientTls): BunFetchRequestInitTLS {
  return {
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}

async function fetchOnDeno(deno: DenoRuntime, url: string, init: HttpInit, route: HttpRoute): Promise<Response> {
  const { tls = {}, proxy } = route;
  const client = deno.createHttpClient({
    ...(tls.ca === undefined ? {} : { caCerts: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(proxy === undefined ? {} : { proxy: { url: proxy.url, basicAuth: proxy.credentials } }),
  });
  const withClient: object = { ...init, redirect: "manual", client };
  return await fetch(url, withClient);
}
