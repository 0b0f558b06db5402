import { type AcceptedPlugin, findPlugins } from "../plugins/find-plugins.ts";
import type { Plugin, PluginTools } from "../plugins/plugin-tools.ts";
import { loadLogFilters } from "./log-filters.ts";
import { FILE_PLUGIN } from "./log-request.ts";

/** The log types of a device, and the plugins that serve them (spec/operations §7.9). */
export interface LogTypes {
  /** Asks all plugins anew and gives the types that are offered, sorted. */
  look(signal: AbortSignal): Promise<readonly string[]>;
  /** The plugin of this name as of the last look; one that was not there then is looked for. */
  plugin(name: string, signal: AbortSignal): Promise<Plugin | undefined>;
}

export interface LogTypesOptions {
  readonly directories: readonly string[];
  /** Path of the file with the filters. */
  readonly filters: string;
  readonly tools: PluginTools;
}

export function createLogTypes({ directories, filters, tools }: LogTypesOptions): LogTypes {
  let known: ReadonlyMap<string, Plugin> = new Map();

  const find = async (signal: AbortSignal) => {
    const { plugins } = await findPlugins(directories, tools, { signal });
    if (!signal.aborted) known = plugins;
    return plugins;
  };

  return {
    async look(signal) {
      const [plugins, filter] = await Promise.all([find(signal), loadLogFilters(filters, tools.log)]);
      const types = [...plugins.values()].flatMap((plugin) =>
        filter.select(plugin.name, listedTypes(plugin)).map((type) => publishedType(type, plugin.name)),
      );
      return [...new Set(types)].sort();
    },
    plugin: async (name, signal) => known.get(name) ?? (await find(signal)).get(name),
  };
}

/** One type per line, blanks around it do not count. */
function listedTypes({ listed }: AcceptedPlugin): readonly string[] {
  const lines = new TextDecoder().decode(listed).split("\n");
  return [...new Set(lines.map((line) => line.trim()))].filter((line) => line !== "");
}

function publishedType(type: string, plugin: string): string {
  return plugin === FILE_PLUGIN ? type : `${type}::${plugin}`;
}
