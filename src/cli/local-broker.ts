import { ok, type Result } from "../base/result.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import { loadConfig } from "../config/load-config.ts";
import { localBrokerEndpoint } from "../security/broker-endpoint.ts";
import type { CliContext } from "./outcome.ts";

/** Where the configuration says that the local broker is. */
export async function localBroker(context: CliContext): Promise<Result<BrokerEndpoint>> {
  const warn = (text: string) => context.log.warn(text);
  const { configDirectory: directory, environment } = context;
  const config = await loadConfig({ directory, environment, warn });
  if (!config.ok) return config;
  const endpoint = await localBrokerEndpoint(config.value, warn);
  return endpoint.ok ? ok(endpoint.value) : endpoint;
}
