import type { Command } from "commander";
import type { Run } from "./program.ts";

interface GetOptions {
  readonly since?: string;
  readonly until?: string;
}

/** The component `tedge-file-log-plugin`, the log plugin `file` (spec/operations §7.9). */
export function defineFileLogPlugin(program: Command, run: Run): void {
  program.description("log plugin for the files of plugins/tedge-log-plugin.toml");
  program
    .command("list")
    .description("print the log types")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => {
        const { listLogFiles } = await import("./tedge-file-log-plugin.ts");
        return listLogFiles(context);
      }),
    );
  program
    .command("get")
    .description("print the log files of a type, the oldest first")
    .argument("<log-type>")
    .option("--since <seconds>", "leave out rotated files that end before this Unix time")
    .option(
      "--until <seconds>",
      "leave out rotated files that begin after this Unix time, and lines that tell a later time",
    )
    .action((type: string, options: GetOptions, command: Command) =>
      run(command, async (context) => {
        const { getLogFiles } = await import("./tedge-file-log-plugin.ts");
        return getLogFiles(context, type, options);
      }),
    );
}
