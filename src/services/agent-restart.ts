import { ok } from "../base/result.ts";
import { execWithSudo } from "../base/sudo.ts";
import { loadSystemToml } from "../config/system-toml.ts";
import type { BuiltinOperation } from "../operations/builtin-operation.ts";
import { realDisk } from "../operations/disk.ts";
import type { PluginTools } from "../operations/plugins/plugin-tools.ts";
import { restartOperation } from "../operations/restart/restart.ts";
import type { AgentContext } from "./agent-part.ts";

/** The restart of the agent's device (spec/operations §7.5). */
export function createAgentRestart(
  { config, host, stateDirectory }: AgentContext,
  { sudo }: PluginTools,
): BuiltinOperation {
  return restartOperation({
    stateDirectory,
    tmp: config.get("tmp.path"),
    proc: "/proc",
    async settings() {
      const loaded = await loadSystemToml(config.directory);
      if (!loaded.ok) return loaded;
      const { reboot, rebootTimeoutSeconds } = loaded.value.system;
      return ok({ command: reboot, timeout: rebootTimeoutSeconds });
    },
    sudo,
    disk: realDisk,
    exec: execWithSudo,
    clock: host.clock,
    log: host.log("restart"),
  });
}
