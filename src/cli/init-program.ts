import type { Command } from "commander";
import type { Run } from "./program.ts";

interface InitOptions {
  readonly user?: string;
  readonly group?: string;
  readonly relativeLinks?: boolean;
}

/** `tedge init` (spec/cli-and-config §10.1). */
export function defineInit(program: Command, run: Run): void {
  program
    .command("init")
    .description("make the links and directories of an installation; needs to be run as root")
    .option("--user <user>", "owner of the directories, instead of the one in system.toml; empty: as they are")
    .option("--group <group>", "group of the directories, instead of the one in system.toml; empty: as they are")
    .option("--relative-links", "links hold the bare name of the executable")
    .action((options: InitOptions, command: Command) =>
      run(command, async (context) => {
        const { init } = await import("./init.ts");
        const { loadConfig } = await import("../config/load-config.ts");
        const { DEFAULT_SYSTEM, systemTomlOrDefaults } = await import("../config/system-toml.ts");
        const { thisExecutable } = await import("../platform/executable.ts");
        const { configDirectory: directory, environment, log } = context;
        const warn = (text: string) => log.warn(text);
        const config = await loadConfig({ directory, environment, warn });
        if (!config.ok) return { kind: "failed", description: "initialize tedge", fault: config.fault };
        const system = await systemTomlOrDefaults(directory, warn);
        const { path } = thisExecutable();
        return init(context, {
          user: options.user ?? system.user,
          group: options.group ?? system.group,
          isUsualOwner:
            options.user === undefined && options.group === undefined && system.user === DEFAULT_SYSTEM.user,
          relativeLinks: options.relativeLinks === true,
          ...(path === undefined ? {} : { executable: path }),
          logsPath: config.value.get("logs.path"),
          dataPath: config.value.get("data.path"),
          agentStatePath: config.value.get("agent.state.path"),
          configurations:
            config.value.get("agent.enable.config_snapshot") || config.value.get("agent.enable.config_update"),
          logUploads: config.value.get("agent.enable.log_upload"),
        });
      }),
    );
}
