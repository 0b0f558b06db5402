import type { Command } from "commander";
import type { Duration } from "../base/duration.ts";
import type { Run } from "./program.ts";
import { durationArgument } from "./typed-argument.ts";

/** `tebus demo`. */
export function defineDemo(program: Command, run: Run): void {
  program
    .command("demo")
    .description("show a whole gateway at work, in a temporary folder and with a broker of its own")
    .option(
      "--for <duration>",
      "end after so long, with a failure unless everything was seen to work",
      durationArgument,
    )
    .action((options: { readonly for?: Duration }, command: Command) =>
      run(command, async (context) => {
        const { demoCommand } = await import("./demo.ts");
        return demoCommand(context, options.for === undefined ? {} : { duration: options.for.milliseconds });
      }),
    );
}
