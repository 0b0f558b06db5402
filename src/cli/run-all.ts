import type { Command } from "commander";
import type { Run } from "./program.ts";

/** `tedge run all [mapper…]`: the agent and mappers in one process (spec/cli-and-config §12.4). */
export function defineRunAll(program: Command, run: Run): void {
  program
    .description("run the agent and mappers in one process")
    .argument("[mapper...]", "mappers to run, e.g. local; without any: all that are configured")
    .action((mappers: string[], _options: unknown, command: Command) =>
      run(command, async (context) => {
        const { chooseMappers, configuredClouds } = await import("./choose-mappers.ts");
        const chosen = await chooseMappers(context, mappers);
        if (!chosen.ok) return { kind: "failed", description: "run all", fault: chosen.fault };
        for (const cloud of mappers.length === 0 ? await configuredClouds(context) : []) {
          context.log.warn(`${cloud} is configured, but its mapper is not available in this version of tebus`);
        }
        const { agentService } = await import("../services/agent.ts");
        const { customMapperService } = await import("../services/mapper.ts");
        const { runServices } = await import("./run-services.ts");
        const agent = { service: agentService({}), mapper: false };
        const others = chosen.value.map((name) => ({ service: customMapperService(name), mapper: true }));
        return runServices(context, [agent, ...others], false);
      }),
    );
}
