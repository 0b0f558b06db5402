import { join } from "node:path";
import * as v from "valibot";
import { readText } from "../../base/atomic-file.ts";
import { describeFault, type Fault, fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { parsePattern } from "../../base/pattern.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseToml } from "../../base/toml.ts";

/** Which log types of a plugin are offered (spec/operations §7.9). */
export interface LogFilters {
  select(plugin: string, types: readonly string[]): readonly string[];
}

const FILE = v.looseObject({
  plugins: v.optional(
    v.record(
      v.string(),
      v.looseObject({
        filters: v.optional(
          v.array(v.looseObject({ include: v.optional(v.string()), exclude: v.optional(v.string()) })),
        ),
      }),
    ),
    {},
  ),
});

interface Patterns {
  readonly include: readonly RegExp[];
  readonly exclude: readonly RegExp[];
}

/** The file with the filters, and with the log files of the plugin `file`. */
export function logPluginToml(configDirectory: string): string {
  return join(configDirectory, "plugins", "tedge-log-plugin.toml");
}

/** Reads the filters that hold now. A file with a mistake has none, which is told; nor has one that is not there. */
export async function loadLogFilters(path: string, log: Log): Promise<LogFilters> {
  const text = await readText(path);
  if (!text.ok) {
    if (text.fault.code !== "not-found") log.warn("No filter for log types applies", text.fault);
    return NO_FILTERS;
  }
  const filters = parseLogFilters(text.value);
  if (filters.ok) return filters.value;
  log.warn(`No filter for log types applies: ${path}: ${describeFault(filters.fault)}`);
  return NO_FILTERS;
}

const NO_FILTERS: LogFilters = { select: (_plugin, types) => types };

/** Code `invalid-filters`: not TOML, another type than expected, or an invalid regular expression. */
export function parseLogFilters(text: string): Result<LogFilters, Fault<"invalid-filters">> {
  const toml = parseToml(text);
  if (!toml.ok) return err(fault("invalid-filters", toml.fault.message));
  const parsed = v.safeParse(FILE, toml.value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return err(fault("invalid-filters", `${v.getDotPath(issue) ?? "plugins"}: ${issue.message}`));
  }
  const plugins = new Map<string, Patterns>();
  for (const [plugin, { filters = [] }] of Object.entries(parsed.output.plugins)) {
    const include = parsePatterns(filters.map((filter) => filter.include));
    if (!include.ok) return include;
    const exclude = parsePatterns(filters.map((filter) => filter.exclude));
    if (!exclude.ok) return exclude;
    plugins.set(plugin, { include: include.value, exclude: exclude.value });
  }
  return ok({
    select(plugin, types) {
      const patterns = plugins.get(plugin);
      return patterns === undefined ? types : types.filter((type) => isSelected(type, patterns));
    },
  });
}

/** With both kinds of patterns, matching an `include` is enough, and so is matching no `exclude`. */
function isSelected(type: string, { include, exclude }: Patterns): boolean {
  const included = include.some((pattern) => pattern.test(type));
  if (exclude.length === 0) return included || include.length === 0;
  return included || !exclude.some((pattern) => pattern.test(type));
}

function parsePatterns(texts: readonly (string | undefined)[]): Result<readonly RegExp[], Fault<"invalid-filters">> {
  const patterns: RegExp[] = [];
  for (const text of texts) {
    if (text === undefined) continue;
    const pattern = parsePattern(text);
    if (!pattern.ok) return err(fault("invalid-filters", describeFault(pattern.fault)));
    patterns.push(pattern.value);
  }
  return ok(patterns);
}
