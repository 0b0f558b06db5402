import { LOG_LEVELS, type LogLevel } from "../base/log.ts";

/** Everything that has a say in which log lines are written (spec/cli-and-config §11). */
export interface LevelSources {
  /** Of `--log-level` or `--debug`. */
  readonly chosen?: LogLevel;
  /** The variable `RUST_LOG`. */
  readonly rustLog?: string;
  /** `[log]` of system.toml. */
  readonly table: Readonly<Record<string, LogLevel>>;
  /** The units of the process, the most important one first. */
  readonly names: readonly string[];
  readonly fallback: LogLevel;
}

export interface Levels {
  readonly level: LogLevel;
  /** Levels of single units or targets. */
  readonly levels: Readonly<Record<string, LogLevel>>;
}

/** Options win over `RUST_LOG`, which wins over the file, which wins over the default. */
export function resolveLevels(sources: LevelSources): Levels {
  if (sources.chosen !== undefined) return { level: sources.chosen, levels: {} };
  const fromEnvironment = parseRustLog(sources.rustLog ?? "");
  if (fromEnvironment !== undefined) return fromEnvironment;
  const levels = Object.fromEntries(sources.names.map((name) => [name, levelOf(name, sources)]));
  const [first] = sources.names;
  const level = sources.names.length === 1 && first !== undefined ? levelOf(first, sources) : levelOf("tedge", sources);
  return { level, levels };
}

/** Whether the levels can't change while the process runs. */
export function areFixed({ chosen, rustLog }: Pick<LevelSources, "chosen" | "rustLog">): boolean {
  return chosen !== undefined || parseRustLog(rustLog ?? "") !== undefined;
}

/** The entry of the unit, then of the unit without its profile, then of all mappers, then of everything (spec/bridges-and-mappers §13). */
function levelOf(name: string, { table, fallback }: LevelSources): LogLevel {
  const entries = [
    name,
    name.split("@")[0] ?? name,
    ...(name.startsWith("tedge-mapper") ? ["tedge-mapper"] : []),
    "tedge",
  ];
  return entries.map((entry) => table[entry]).find((level) => level !== undefined) ?? fallback;
}

/**
 * A list of `level` and `target=level`, as Rust programs read it; `off` counts as `error`, and of a path only the first part counts,
 * which may be the name of a unit too. Targets without a level for the rest leave errors only. `undefined` when nothing in it can be read.
 */
export function parseRustLog(text: string): Levels | undefined {
  let level: LogLevel | undefined;
  const levels: Record<string, LogLevel> = {};
  for (const directive of text.split(",").map((part) => part.trim())) {
    const [target = "", named] = directive.split("=");
    const found = asLevel(named ?? target);
    if (found === undefined) continue;
    if (named === undefined) level = found;
    else for (const name of spellings(target)) levels[name] = found;
  }
  if (level === undefined && Object.keys(levels).length === 0) return undefined;
  return { level: level ?? "error", levels };
}

function asLevel(text: string): LogLevel | undefined {
  const lower = text.trim().toLowerCase();
  return lower === "off" ? "error" : LOG_LEVELS.find((level) => level === lower);
}

function spellings(target: string): readonly string[] {
  const [name = ""] = target.trim().split("::");
  return [...new Set([name, name.replaceAll("_", "-")])];
}
