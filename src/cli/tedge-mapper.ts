import type { Command } from "commander";
import type { fault } from "../base/fault.ts";
import type { CommandOutcome } from "./outcome.ts";
import type { ProgramContext, Run } from "./program.ts";

interface MapperOptions {
  readonly profile?: string;
  readonly init?: boolean;
  readonly clear?: boolean;
}

/** The component `tedge-mapper <name>` (spec/cli-and-config §12.3). */
export function defineTedgeMapper(program: Command, run: Run): void {
  program
    .description("run one mapper")
    .argument("<mapper>", "name of a directory below mappers/ of the configuration directory")
    .option("--profile <profile>", "profile of a cloud")
    .addOption(program.createOption("--init", "does nothing any more").hideHelp())
    .addOption(program.createOption("--clear", "does nothing any more").hideHelp())
    .action((mapper: string, options: MapperOptions, command: Command) =>
      run(command, (context) => runMapper(context, mapper, options)),
    );
}

async function runMapper(context: ProgramContext, name: string, options: MapperOptions): Promise<CommandOutcome> {
  if (options.init === true || options.clear === true) {
    context.log.warn("--init and --clear are deprecated and do nothing");
    return { kind: "done" };
  }
  const { parseMapperName } = await import("../mappers/mapper-name.ts");
  const { requireRunnable } = await import("./choose-mappers.ts");
  const failed = (why: ReturnType<typeof fault>): CommandOutcome => {
    return { kind: "failed", description: `run the mapper '${name}'`, fault: why };
  };
  const profile = options.profile ?? cloudProfile(context, name);
  const mapper = parseMapperName(profile === undefined ? name : `${name}@${profile}`);
  if (!mapper.ok) return failed(mapper.fault);
  const runnable = await requireRunnable(context.configDirectory, mapper.value);
  if (!runnable.ok) return failed(runnable.fault);
  const { customMapperService } = await import("../services/mapper.ts");
  const { runServices } = await import("./run-services.ts");
  return runServices(context, [{ service: customMapperService(mapper.value.name), mapper: true }], true);
}

/** The variable counts for the clouds only (spec/cli-and-config §2.3). */
function cloudProfile(context: ProgramContext, name: string): string | undefined {
  const hasProfiles = name === "c8y" || name === "az" || name === "aws";
  return hasProfiles ? context.environment.TEDGE_CLOUD_PROFILE || undefined : undefined;
}
