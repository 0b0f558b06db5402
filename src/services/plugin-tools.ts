import { createSudo, execWithSudo } from "../base/sudo.ts";
import type { Config } from "../config/config.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import type { ServiceHost } from "./service.ts";

/** How plugins of every kind are run, as the configuration wants it. */
export function createPluginTools(config: Config, host: ServiceHost): PluginTools {
  return {
    tmp: config.get("tmp.path"),
    sudo: createSudo({ enabled: config.get("sudo.enable"), path: host.environment.PATH }),
    clock: host.clock,
    exec: execWithSudo,
    log: host.log("plugins"),
  };
}
