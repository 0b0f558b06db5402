import { dirname, join } from "node:path";
import { describeFault } from "../base/fault.ts";
import { execWithSudo } from "../base/sudo.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import type { BuiltinOperation } from "../operations/builtin-operation.ts";
import { realDisk } from "../operations/disk.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import { createSelfUpdate } from "../operations/software/self-update.ts";
import { createSoftware } from "../operations/software/software.ts";
import type { SoftwareSettings } from "../operations/software/software-settings.ts";
import type { Transfer } from "../operations/steps/transfer.ts";
import { thisExecutable } from "../platform/executable.ts";
import { VERSION } from "../platform/version.ts";
import type { AgentContext } from "./agent-part.ts";

export interface SoftwareContext {
  readonly agent: AgentContext;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
  /** The agent stops. */
  readonly signal: AbortSignal;
}

/** The software operations of the agent's device, with the look for a new version of tebus itself. */
export function createAgentSoftware({ agent, tools, transfer, signal }: SoftwareContext): readonly BuiltinOperation[] {
  const { config, host } = agent;
  const log = host.log("software");
  const { path } = thisExecutable();
  const lookAtSelf =
    path === undefined
      ? undefined
      : createSelfUpdate({
          program: join(dirname(path), "tedge-agent"),
          version: VERSION,
          exec: execWithSudo,
          clock: host.clock,
          log,
          signal,
          restart: (reason) => host.requestProcessRestart(reason),
        });
  return createSoftware({
    directory: join(config.directory, "sm-plugins"),
    statePath: join(agent.stateDirectory, "software-current-operation"),
    tools,
    disk: realDisk,
    transfer,
    settings: () => currentSettings(agent),
    onExecuted: () => void lookAtSelf?.(),
  });
}

/** As they are on disk now; as they were at start when the files are broken. */
async function currentSettings({ config, host }: AgentContext): Promise<SoftwareSettings> {
  const log = host.log("config");
  const loaded = await loadConfig({
    directory: config.directory,
    environment: host.environment,
    warn: (text) => log.warn(text),
  });
  if (!loaded.ok) log.warn(`The configuration is not read again: ${describeFault(loaded.fault)}`);
  return settingsOf(loaded.ok ? loaded.value : config);
}

function settingsOf(config: Config): SoftwareSettings {
  const [defaultType, include, exclude] = [
    config.get("software.plugin.default"),
    config.get("software.plugin.include"),
    config.get("software.plugin.exclude"),
  ];
  return {
    maxPackages: config.get("software.plugin.max_packages"),
    ...(defaultType === undefined ? {} : { defaultType }),
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
  };
}
