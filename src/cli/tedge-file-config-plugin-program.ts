import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describeFault } from "../base/fault.ts";
import { ok, type Result } from "../base/result.ts";
import type { CommandOutcome } from "./outcome.ts";
import type { ProgramContext, Run } from "./program.ts";
import type { FileConfigPlugin } from "./tedge-file-config-plugin.ts";

/** The component `tedge-file-config-plugin`: the config plugin `file` (spec/operations §7.8). */
export function defineFileConfigPlugin(program: Command, run: Run): void {
  program.description("manage configuration files for the agent, as tedge-configuration-plugin.toml says");
  const act = (
    command: Command,
    act: (plugin: FileConfigPlugin, context: ProgramContext) => Promise<Result<unknown>>,
  ) => run(command, async (context) => outcome(await act(await createPlugin(context), context), context));
  const withWorkDir = (command: Command) =>
    command.requiredOption("--work-dir <dir>", "directory for what has to be kept between the steps of an update");

  program
    .command("list")
    .description("print the types of all configurations")
    .action((_options: unknown, command: Command) =>
      act(command, async (plugin, { stdout }) => {
        await stdout((await plugin.list()).map((type) => `${type}\n`).join(""));
        return ok();
      }),
    );
  program
    .command("get")
    .description("print a configuration")
    .argument("<type>")
    .action((type: string, _options: unknown, command: Command) => act(command, (plugin) => plugin.get(type)));
  withWorkDir(program.command("prepare"))
    .description("do nothing: a file is replaced whole or not at all")
    .argument("<type>")
    .argument("<new-file>")
    .action((_type: string, _file: string, _options: unknown, command: Command) => act(command, async () => ok()));
  withWorkDir(program.command("set"))
    .description("replace a configuration, and restart the service that uses it")
    .argument("<type>")
    .argument("<new-file>")
    .action((type: string, file: string, _options: unknown, command: Command) =>
      act(command, async (plugin, { stdout }) => {
        const done = await plugin.set(type, file);
        if (done.ok && done.value.restartAgent === true) await stdout(forWorkflow(done.value));
        return done;
      }),
    );
  withWorkDir(program.command("verify"))
    .description("check that the service which uses a configuration runs")
    .argument("<type>")
    .action((type: string, _options: unknown, command: Command) => act(command, (plugin) => plugin.verify(type)));
  withWorkDir(program.command("rollback"))
    .description("do nothing: a file that was replaced stays")
    .argument("<type>")
    .action((_type: string, _options: unknown, command: Command) => act(command, async () => ok()));
}

/** The agent takes the text as the reason. */
function outcome(result: Result<unknown>, { stderr }: ProgramContext): CommandOutcome {
  if (result.ok) return { kind: "done" };
  stderr(`${describeFault(result.fault)}\n`);
  return { kind: "done", exit: 1 };
}

function forWorkflow(update: object): string {
  return `:::begin-tedge:::\n${JSON.stringify(update)}\n:::end-tedge:::\n`;
}

async function createPlugin(context: ProgramContext): Promise<FileConfigPlugin> {
  const { createSudo } = await import("../base/sudo.ts");
  const { pluginFilePath } = await import("../operations/configuration/plugin-file.ts");
  const { thisExecutable } = await import("../platform/executable.ts");
  const { createFileConfigPlugin } = await import("./tedge-file-config-plugin.ts");
  const { createElevated } = await import("./file-config-elevated.ts");
  const { createConfiguredService } = await import("./file-config-service.ts");
  const { configDirectory, environment, clock, signal, log, output } = context;
  const isRoot = process.getuid?.() === 0;
  const { path } = thisExecutable();
  const sudo = createSudo({ enabled: !isRoot && (await isSudoEnabled(context)), path: environment.PATH });
  return createFileConfigPlugin({
    pluginFile: pluginFilePath(configDirectory),
    output,
    elevated: createElevated({
      program: path === undefined ? "tedge-write" : join(dirname(path), "tedge-write"),
      sudo,
      isRoot,
      signal,
      clock,
    }),
    service: createConfiguredService({ configDirectory, sudo, signal, clock }),
    clock,
    log,
  });
}

/** A configuration that cannot be read leaves the default. */
async function isSudoEnabled({ configDirectory: directory, environment, log }: ProgramContext): Promise<boolean> {
  const { loadConfig } = await import("../config/load-config.ts");
  const config = await loadConfig({ directory, environment, warn: (text) => log.warn(text) });
  return !config.ok || config.value.get("sudo.enable");
}
