import { configuredFileOwner } from "../config/file-owner.ts";
import { systemTomlOrDefaults } from "../config/system-toml.ts";
import type { BuiltinOperation } from "../operations/builtin-operation.ts";
import { createConfigOperations } from "../operations/configuration/config-operations.ts";
import { pluginFilePath } from "../operations/configuration/plugin-file.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import type { Transfer } from "../operations/steps/transfer.ts";
import type { AgentContext } from "./agent-part.ts";
import { installDefaults } from "./install-defaults.ts";

export interface ConfigurationContext {
  readonly agent: AgentContext;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
}

/** The operations of the agent's device on its configurations (spec/operations §7.6, §7.7). */
export function createAgentConfiguration({
  agent,
  tools,
  transfer,
}: ConfigurationContext): readonly BuiltinOperation[] {
  const { config } = agent;
  return createConfigOperations({
    pluginDirectories: config.get("configuration.plugin_paths"),
    pluginFile: pluginFilePath(config.directory),
    tools,
    transfer,
    fileServer: {
      https: config.get("http.cert_path") !== undefined,
      host: config.get("http.client.host"),
      port: config.get("http.client.port"),
    },
  });
}

/** Files that the agent makes at its start, unless they are there; what cannot be made is told. */
export async function installAgentDefaults({ config, host }: AgentContext): Promise<void> {
  const log = host.log("operations");
  const tell = (text: string) => log.warn(text);
  const { user, group } = await systemTomlOrDefaults(config.directory, tell);
  const owner = await configuredFileOwner({ directory: config.directory, clock: host.clock, tell });
  const installed = await installDefaults({
    configDirectory: config.directory,
    configurations: config.get("agent.enable.config_snapshot") || config.get("agent.enable.config_update"),
    ...(config.get("agent.enable.log_upload") ? { logs: config.get("logs.path") } : {}),
    user,
    group,
    ...(owner === undefined ? {} : { owner }),
    clock: host.clock,
  });
  if (!installed.ok) log.warn("Default workflows or configurations are not there", installed.fault);
}

/** Operations that the configuration switches off (`agent.enable.*`). */
export function disabledOperations({ config }: AgentContext): readonly string[] {
  return (["config_snapshot", "config_update", "log_upload"] as const).filter(
    (operation) => !config.get(`agent.enable.${operation}`),
  );
}
