import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { loadConfig } from "../config/load-config.ts";
import { CLOUDS } from "../config/table.ts";
import { customMappersAmong, listMapperDirectories, requireMapperDirectory } from "../mappers/mapper-directories.ts";
import { type MapperName, mapperText, parseMapperName } from "../mappers/mapper-name.ts";
import type { CliContext } from "./outcome.ts";

/** Names of the user-defined mappers that `run all` runs: those asked for, or every one that has a directory. */
export async function chooseMappers(
  context: Pick<CliContext, "configDirectory" | "log">,
  asked: readonly string[],
): Promise<Result<readonly string[]>> {
  if (asked.length > 0) return chosenMappers(context, asked);
  const directories = await listMapperDirectories(context.configDirectory);
  return ok(customMappersAmong(directories, (text) => context.log.warn(text)));
}

/** Clouds that have a URL, each followed by its profiles that have one, as `c8y`, `az@site2`; none when the configuration is broken. */
export async function configuredClouds(
  context: Pick<CliContext, "configDirectory" | "environment">,
): Promise<readonly string[]> {
  const { configDirectory: directory, environment } = context;
  const config = await loadConfig({ directory, environment, warn: () => undefined });
  if (!config.ok) return [];
  return CLOUDS.flatMap((cloud) =>
    [undefined, ...config.value.profiles(cloud)]
      .filter((profile) => {
        const section = config.value.profile(cloud, profile);
        return section.ok && section.value.text("url") !== undefined;
      })
      .map((profile) => (profile === undefined ? cloud : `${cloud}@${profile}`)),
  );
}

async function chosenMappers(
  context: Pick<CliContext, "configDirectory">,
  asked: readonly string[],
): Promise<Result<readonly string[]>> {
  const names = new Set<string>();
  for (const text of asked) {
    const parsed = parseMapperName(text);
    if (!parsed.ok) return err(fault("invalid-mapper", `parsing mapper spec '${text}'`, { cause: parsed.fault }));
    const name = mapperText(parsed.value);
    if (names.has(name)) return err(fault("repeated", `mapper '${name}' is specified more than once`));
    names.add(name);
    const runnable = await requireRunnable(context.configDirectory, parsed.value);
    if (!runnable.ok) return runnable;
  }
  return ok([...names]);
}

/** The mapper exists: a built-in one in this version of tebus, or one of the device's own. */
export async function requireRunnable(configDirectory: string, mapper: MapperName): Promise<Result<undefined, Fault>> {
  if (mapper.kind === "custom") return requireMapperDirectory(configDirectory, mapper.name);
  return err(fault("not-available", `mapper '${mapper.name}' is not available in this version of tebus`));
}
