import { join } from "node:path";
import { loadConfig } from "../config/load-config.ts";
import { runServiceProcess } from "../services/service-process.ts";
import type { Member } from "../services/supervisor.ts";
import type { CommandOutcome } from "./outcome.ts";
import type { ProgramContext } from "./program.ts";

/** Runs services until the process is asked to end, or has to; `standalone` is one that was asked for alone (spec/bridges-and-mappers §13). */
export async function runServices(
  context: ProgramContext,
  members: readonly Member[],
  standalone: boolean,
): Promise<CommandOutcome> {
  const names = members.map(({ service }) => service.name);
  const description = `run ${names.join(", ")}`;
  const { configDirectory, environment, log, logging } = context;
  // Each unit loads it again for itself, and warns then.
  const config = await loadConfig({ directory: configDirectory, environment, warn: (text) => log.debug(text) });
  if (!config.ok) return { kind: "failed", description, fault: config.fault };
  logging.setUnits(names);
  const ended = await runServiceProcess({
    ...context,
    members,
    standalone,
    log: logging.createLog,
    reloadLogLevels: logging.reload,
    ...(config.value.get("run.lock_files") ? { lockDirectory: join(config.value.get("run.path"), "lock") } : {}),
  });
  return ended.ok ? { kind: "done", exit: ended.value } : { kind: "failed", description, fault: ended.fault };
}
