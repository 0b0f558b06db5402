import type { DirectoryWatch } from "../../base/directory-watch.ts";
import { watchPaths } from "../../base/path-watch.ts";
import { findPlugins } from "../plugins/find-plugins.ts";
import type { Plugin, PluginTools } from "../plugins/plugin-tools.ts";
import { formatConfigType } from "./config-type.ts";

/** The programs that manage configurations (spec/operations §7.8). */
export interface ConfigPlugins {
  /** Asks every plugin, once a round, which types it has; sorted as they are published. */
  types(round: object): Promise<readonly string[]>;
  /** The plugin of a name; where none is known they are looked for anew. */
  find(name: string): Promise<Plugin | undefined>;
  /** Calls `changed` after plugins, or the file of the plugin `file`, changed; until the signal is aborted, which also ends a search. */
  watch(changed: () => void, signal: AbortSignal): void;
}

export interface ConfigPluginsOptions {
  /** `configuration.plugin_paths` */
  readonly directories: readonly string[];
  /** Files that say which types there are. */
  readonly settings: readonly string[];
  readonly tools: PluginTools;
}

interface Found {
  readonly plugins: ReadonlyMap<string, Plugin>;
  readonly types: readonly string[];
}

export function createConfigPlugins({ directories, settings, tools }: ConfigPluginsOptions): ConfigPlugins {
  const rounds = new WeakMap<object, Promise<Found>>();
  const stopped = new AbortController();
  const listeners: (() => void)[] = [];
  let watcher: DirectoryWatch | undefined;
  let plugins: ReadonlyMap<string, Plugin> = new Map();
  let searching: Promise<Found> | undefined;

  const search = async (): Promise<Found> => {
    const found = await findPlugins(directories, tools, { signal: stopped.signal });
    const types = [...found.plugins.values()].flatMap(({ name: plugin, listed }) =>
      listedTypes(listed).map((name) => formatConfigType({ name, plugin })),
    );
    plugins = found.plugins;
    return { plugins, types: [...new Set(types)].sort() };
  };

  /** A search that runs already may have passed what is looked for: only those who wait for a plugin share one. */
  const searchAgain = () => {
    searching ??= search().finally(() => {
      searching = undefined;
    });
    return searching;
  };

  return {
    async types(round) {
      const found = rounds.get(round) ?? search();
      rounds.set(round, found);
      return (await found).types;
    },
    find: async (name) => plugins.get(name) ?? (await searchAgain()).plugins.get(name),
    watch(changed, signal) {
      listeners.push(changed);
      watcher ??= watchPaths({
        directories,
        files: settings,
        clock: tools.clock,
        changed: () => {
          for (const listener of listeners) listener();
        },
        unwatchable: (fault) =>
          tools.log.warn("Types of configurations are looked for only when they are asked for", fault),
      });
      signal.addEventListener("abort", () => {
        watcher?.close();
        stopped.abort();
      });
    },
  };
}

/** One a line. */
function listedTypes(output: Uint8Array): readonly string[] {
  return new TextDecoder()
    .decode(output)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
