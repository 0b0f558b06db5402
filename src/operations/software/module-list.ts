import type { Fault } from "../../base/fault.ts";
import { parsePattern } from "../../base/pattern.ts";
import { ok, type Result } from "../../base/result.ts";
import type { SoftwareModule } from "./software-module.ts";
import type { SoftwareSettings } from "./software-settings.ts";

/**
 * Reads what `list` of a plugin printed, lines of `name[\tversion]`, as far as the settings want it: with a filter, names that `include`
 * matches or `exclude` does not, and no line without a tab; then the first `maxPackages` (spec/operations §7.1). Code `invalid-pattern`.
 */
export function readModuleList(
  listed: Uint8Array,
  settings: SoftwareSettings,
): Result<readonly SoftwareModule[], Fault<"invalid-pattern">> {
  const filter = nameFilter(settings);
  if (!filter.ok) return filter;
  const modules: SoftwareModule[] = [];
  const most = settings.maxPackages === 0 ? Number.POSITIVE_INFINITY : settings.maxPackages;
  for (const line of new TextDecoder().decode(listed).split("\n")) {
    if (modules.length >= most) break;
    const [name = "", version = ""] = line.replace(/\r$/, "").split("\t");
    if (name === "" || !filter.value(name, line.includes("\t"))) continue;
    modules.push(version === "" ? { name } : { name, version });
  }
  return ok(modules);
}

type Filter = (name: string, hasColumns: boolean) => boolean;

function nameFilter({ include, exclude }: SoftwareSettings): Result<Filter, Fault<"invalid-pattern">> {
  if (include === undefined && exclude === undefined) return ok(() => true);
  const included = parsePattern(include ?? "^$");
  if (!included.ok) return included;
  const excluded = parsePattern(exclude ?? "");
  if (!excluded.ok) return excluded;
  return ok((name, hasColumns) => hasColumns && (included.value.test(name) || !excluded.value.test(name)));
}
