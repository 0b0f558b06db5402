import { ok, type Result } from "../base/result.ts";
import { bothOrNone } from "../config/both-or-none.ts";
import type { Config } from "../config/config.ts";
import { hostList } from "../platform/host-pattern.ts";
import type { HttpProxy } from "../platform/http-client.ts";
import type { HttpClientSettings } from "../platform/http-route.ts";
import { httpClientTls } from "./http-client-tls.ts";

/**
 * How everything that tebus asks over HTTP is asked, as the configuration says (spec/http-api §§7, 9). Certificates are read anew each time, so
 * that a renewed one is used without a restart.
 */
export async function httpClientSettings(config: Config): Promise<Result<HttpClientSettings>> {
  const proxy = proxyOf(config);
  if (!proxy.ok) return proxy;
  const read = await httpClientTls(config);
  if (!read.ok) return read;
  const { tls, ownTls } = read.value;
  const noProxy = config.get("proxy.no_proxy");
  return ok({
    ownHosts: ownHosts(config),
    ...(tls === undefined ? {} : { tls }),
    ...(ownTls === undefined ? {} : { ownTls }),
    ...(proxy.value === undefined ? {} : { proxy: proxy.value }),
    ...(noProxy === undefined ? {} : { noProxy: hostList(noProxy) }),
  });
}

function proxyOf(config: Config): Result<HttpProxy | undefined> {
  const [userKey, passwordKey] = ["proxy.username", "proxy.password"] as const;
  const login = bothOrNone([userKey, config.get(userKey)], [passwordKey, config.get(passwordKey)]);
  if (!login.ok) return login;
  const url = config.text("proxy.address");
  if (url === undefined) return ok(undefined);
  if (login.value === undefined) return ok({ url });
  const [username, password] = login.value;
  return ok({ url, credentials: { username, password } });
}

function ownHosts(config: Config): readonly string[] {
  const hosts = new Set([config.get("http.client.host")]);
  for (const profile of [undefined, ...config.profiles("c8y")]) {
    const c8y = config.profile("c8y", profile);
    if (c8y.ok) hosts.add(c8y.value.get("proxy.client.host"));
  }
  return [...hosts];
}
