import type { Command } from "commander";
import type { Run } from "./program.ts";

/** `tedge signal-group`, hidden: nobody but the agent calls it. */
export function defineSignalGroup(program: Command, run: Run): void {
  program
    .command("signal-group", { hidden: true })
    .description("signal the processes of a program that was started through sudo")
    .argument("<group>", "number of the process group")
    .argument("<signal>", "SIGTERM or SIGKILL")
    .action((group: string, signal: string, _options: unknown, command: Command) =>
      run(command, async ({ environment }) => {
        const { signalGroup } = await import("./signal-group.ts");
        return signalGroup(environment, { group, signal });
      }),
    );
}
