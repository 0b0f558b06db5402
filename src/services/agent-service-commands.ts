import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { execWithSudo } from "../base/sudo.ts";
import type { BuiltinOperation } from "../operations/builtin-operation.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import { SERVICE_ACTIONS, serviceAction } from "../operations/services/service-action.ts";
import type { CommandLine } from "../operations/workflow/command-line.ts";
import { thisExecutable } from "../platform/executable.ts";
import type { AgentContext } from "./agent-part.ts";

/** What `tedge` takes by itself. */
const DEFAULT_DIRECTORY = "/etc/tedge";

/** What can be done to the services of the agent's device (spec/operations §11.2). */
export function createAgentServiceCommands(
  { config, host }: AgentContext,
  { sudo }: PluginTools,
  restartAgent: () => void,
): readonly BuiltinOperation[] {
  const directory = config.directory === DEFAULT_DIRECTORY ? [] : ["--config-dir", config.directory];
  const options = {
    tedge: [...tedge(), ...directory] as const,
    sudo,
    exec: execWithSudo,
    clock: host.clock,
    restartAgent,
  };
  return SERVICE_ACTIONS.map((action) => serviceAction(action, options));
}

/** The link beside this executable, as it is after the installation; else the executable itself. */
function tedge(): CommandLine {
  const { path } = thisExecutable();
  if (path === undefined) return ["tedge"];
  const link = join(dirname(path), "tedge");
  return existsSync(link) ? [link] : [path, "tedge"];
}
