import { configureLogging, createLog, type Log, type LogLevel } from "../base/log.ts";
import { loadSystemToml } from "../config/system-toml.ts";
import { areFixed, resolveLevels } from "./log-levels.ts";

export interface LoggingSettings {
  readonly configDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Level of the command line. */
  readonly chosen?: LogLevel;
  /** Unit of the process, by its name in `[log]` of system.toml. */
  readonly name: string;
  readonly fallback: LogLevel;
}

/** The log of a running process. */
export interface LogControl {
  readonly createLog: (target: string, unit?: string) => Log;
  /** Says which units run in this process, so that each gets its own level. */
  readonly setUnits: (names: readonly string[]) => void;
  /** Reads `[log]` again, on SIGHUP. */
  readonly reload: () => Promise<void>;
}

/** Starts to log on stderr (spec/cli-and-config §11). A system.toml that cannot be read is told, and the defaults count. */
export async function startLogging(settings: LoggingSettings): Promise<LogControl> {
  const { chosen, environment, fallback } = settings;
  const rustLog = environment.RUST_LOG ?? "";
  const command = { rustLog, ...(chosen === undefined ? {} : { chosen }) };
  const fixed = areFixed(command);
  const log = createLog(settings.name);
  let names: readonly string[] = [settings.name];
  let table: Readonly<Record<string, LogLevel>> = {};

  const apply = () => {
    const levels = resolveLevels({ ...command, table, names, fallback });
    configureLogging({ ...levels, timestamps: environment.INVOCATION_ID === undefined });
  };
  const load = async () => {
    const loaded = await loadSystemToml(settings.configDirectory);
    if (loaded.ok) table = loaded.value.log;
    apply();
    return loaded;
  };

  if (fixed) apply();
  else {
    const loaded = await load();
    if (!loaded.ok) log.warn("going on with the default log levels", loaded.fault);
  }
  return {
    createLog,
    setUnits(units) {
      names = units;
      apply();
    },
    async reload() {
      if (fixed) return log.info("log levels are fixed by --log-level/--debug/RUST_LOG; ignoring");
      const loaded = await load();
      if (loaded.ok) log.info("log levels reloaded");
      else log.error("failed to reload log levels; keeping current levels", loaded.fault);
    },
  };
}
