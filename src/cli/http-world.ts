import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { parseProfileName } from "../config/profile-name.ts";
import type { FileServer } from "../files/file-url.ts";
import { tokenHeaders } from "../security/token-header.ts";
import { httpClientSettings } from "../services/http-client.ts";
import type { HttpCommandWorld } from "./http.ts";
import type { CliContext } from "./outcome.ts";

/** Where the local HTTP servers are and how to speak to them, as the configuration says (spec/cli-and-config §9.2). */
export function httpWorld(context: CliContext, output: HttpCommandWorld["output"]): HttpCommandWorld {
  let loading: ReturnType<typeof loadConfig> | undefined;
  const withConfig = async <T>(read: (config: Config) => Result<T> | Promise<Result<T>>): Promise<Result<T>> => {
    const { configDirectory: directory, environment, log } = context;
    loading ??= loadConfig({ directory, environment, warn: (text) => log.warn(text) });
    const config = await loading;
    return config.ok ? await read(config.value) : config;
  };
  return {
    agent: () => withConfig((config) => ok(agentServer(config))),
    cloudProxy: (profile) => withConfig((config) => cloudProxy(config, profile)),
    client: () =>
      withConfig(async (config) => {
        const http = await httpClientSettings(config);
        return http.ok ? ok({ http: http.value, credentials: tokenHeaders(config) }) : http;
      }),
    output,
  };
}

function agentServer(config: Config): FileServer {
  return {
    https: config.get("http.cert_path") !== undefined,
    host: config.get("http.client.host"),
    port: config.get("http.client.port"),
  };
}

function cloudProxy(config: Config, profile: string | undefined): Result<FileServer> {
  const name = profile === undefined ? ok(undefined) : parseProfileName(profile);
  if (!name.ok) return err(name.fault);
  const c8y = config.profile("c8y", name.value);
  if (!c8y.ok) return c8y;
  return ok({
    https: c8y.value.get("proxy.cert_path") !== undefined,
    host: c8y.value.get("proxy.client.host"),
    port: c8y.value.get("proxy.client.port"),
  });
}
