import type { DenoRuntime } from "./deno.ts";

/** How a client proves who it is and whom it trusts; all PEM. */
export interface ClientTls {
  /** Certificates of authorities to trust; without it, those of the system. */
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

export type HttpInit = RequestInit & { readonly duplex?: "half" };

/**
 * `fetch` of the runtime with an identity and trust of our own. The body of the answer is given as it came, not decompressed, when the
 * request asks for `identity`; proxies of the environment are ignored on Bun (spec/http-api §9). Rejects as `fetch` does.
 */
export async function httpFetch(url: string, init: HttpInit, tls?: ClientTls): Promise<Response> {
  return typeof Deno === "undefined"
    ? await fetch(url, { ...init, ...OFF_ON_BUN, ...(tls === undefined ? {} : { tls: bunTls(tls) }) })
    : await fetchOnDeno(Deno, url, init, tls);
}

/** Ignores `HTTP_PROXY` and the like. */
const OFF_ON_BUN = { proxy: false, decompress: false } as const;

function bunTls(tls: ClientTls): BunFetchRequestInitTLS {
  return {
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}

async function fetchOnDeno(deno: DenoRuntime, url: string, init: HttpInit, tls: ClientTls = {}): Promise<Response> {
  const client = deno.createHttpClient({
    ...(tls.ca === undefined ? {} : { caCerts: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  });
  const withClient: object = { ...init, client };
  return await fetch(url, withClient);
}
