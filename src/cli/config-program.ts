import type { Command } from "commander";
import type { Run } from "./program.ts";

interface ProfileOption {
  readonly profile?: string;
}

/** `tedge config …` (spec/cli-and-config §2.1). */
export function defineConfig(program: Command, run: Run): void {
  const config = program.command("config").description("read and change the configuration");
  defineKeyCommand(config, "get", "print the effective value of a key").action(
    (key: string, options: ProfileOption, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configGet(context, { key, ...options })),
  );
  defineKeyCommand(config, "unset", "take a value out of the file, so that the default counts again").action(
    (key: string, options: ProfileOption, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configUnset(context, { key, ...options })),
  );
  defineValueCommand(config, "set", "write a value to the file").action(
    (key: string, value: string, options: ProfileOption, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configSet(context, { key, value, ...options })),
  );
  defineValueCommand(config, "add", "add items to a list").action(
    (key: string, value: string, options: ProfileOption, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configAdd(context, { key, value, ...options })),
  );
  defineValueCommand(config, "remove", "take items out of a list").action(
    (key: string, value: string, options: ProfileOption, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configRemove(context, { key, value, ...options })),
  );
  defineList(config, run);
  config
    .command("upgrade", { hidden: true })
    .description("move the settings of clouds from tedge.toml to files of their own")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => (await import("./config.ts")).configUpgrade(context)),
    );
}

function defineKeyCommand(config: Command, name: string, description: string): Command {
  return config
    .command(name)
    .description(description)
    .argument("<key>", "name of the setting, see `tedge config list --doc`")
    .option("--profile <profile>", "profile of the cloud that the key belongs to [env: TEDGE_CLOUD_PROFILE]");
}

function defineValueCommand(config: Command, name: string, description: string): Command {
  return defineKeyCommand(config, name, description).argument(
    "<value>",
    "value; several items are separated by commas",
  );
}

function defineList(config: Command, run: Run): void {
  config
    .command("list")
    .description("print all keys that have a value")
    .argument("[filter]", "only keys that contain this text")
    .option("--all", "also keys without a value")
    .option("--doc", "what the keys mean, with examples")
    .action((filter: string | undefined, options: { all?: boolean; doc?: boolean }, command: Command) =>
      run(command, async (context) => {
        const { configList } = await import("./config.ts");
        return configList(context, { ...options, ...(filter === undefined ? {} : { filter }) });
      }),
    );
}
