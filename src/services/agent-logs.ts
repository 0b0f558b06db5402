import type { BuiltinOperation } from "../operations/builtin-operation.ts";
import { logPluginToml } from "../operations/logs/log-filters.ts";
import { logUpload } from "../operations/logs/log-upload.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import type { Transfer } from "../operations/steps/transfer.ts";
import type { AgentContext } from "./agent-part.ts";

export interface LogsContext {
  readonly agent: AgentContext;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
}

/** The upload of logs of the agent's device (spec/operations §7.9). */
export function createAgentLogs({ agent: { config }, tools, transfer }: LogsContext): BuiltinOperation {
  return logUpload({
    pluginDirectories: config.get("log.plugin_paths"),
    filters: logPluginToml(config.directory),
    tools,
    transfer,
  });
}
