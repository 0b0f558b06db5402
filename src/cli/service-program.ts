import type { Command } from "commander";
import type { Run } from "./program.ts";

/** `tedge service` (spec/operations §11.2). */
export function defineService(program: Command, run: Run): void {
  program
    .command("service")
    .description(
      "start, stop or restart a service, or do something else to it that system.toml or a service plugin knows",
    )
    .argument(
      "<action>",
      "start, stop, restart, enable, disable, or one of [service_actions] in system.toml or of the plugin",
    )
    .argument("<name>", "name of the service")
    .option("--service-type <type>", "who manages it: 'service' for system.toml, else a service plugin", "service")
    .addHelpText("after", "\nExit code 2: the action is not supported.")
    .action((action: string, name: string, options: { readonly serviceType: string }, command: Command) =>
      run(command, async ({ configDirectory, stderr, clock, signal }) => {
        const { service } = await import("./service.ts");
        return service(
          { configDirectory, stderr, clock, signal },
          { action, service: name, type: options.serviceType },
        );
      }),
    );
}
