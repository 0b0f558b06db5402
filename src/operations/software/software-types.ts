import type { DirectoryWatch } from "../../base/directory-watch.ts";
import type { Fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { watchPaths } from "../../base/path-watch.ts";
import { type FindOptions, type FoundPlugins, findPlugins } from "../plugins/find-plugins.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";

/** Which software plugins there are; both operations and their capabilities go by it. */
export interface SoftwareTypes {
  /** Looks at the directory now. */
  look(options: FindOptions): Promise<FoundPlugins>;
  /** Whether a plugin of this name was accepted once. */
  wasAccepted(name: string): boolean;
  /** Tells of plugins that came, went or changed, until the signal is aborted, which ends looks for capabilities too. */
  watch(changed: () => void, signal: AbortSignal): void;
  /** `{"types":[…]}`; those who ask in the same round share one look. */
  capability(round: object): Promise<JsonObject>;
}

/** `directory` is `<config_dir>/sm-plugins`. */
export function createSoftwareTypes(directory: string, tools: PluginTools): SoftwareTypes {
  const accepted = new Set<string>();
  const rounds = new WeakMap<object, Promise<FoundPlugins>>();
  const stopped = new AbortController();
  const listeners: (() => void)[] = [];
  let watcher: DirectoryWatch | undefined;

  const look = async (options: FindOptions) => {
    const found = await findPlugins([directory], tools, options);
    for (const name of found.plugins.keys()) accepted.add(name);
    return found;
  };
  const begin = () => {
    const changed = () => {
      for (const listener of listeners) listener();
    };
    const unwatchable = (why: Fault) => tools.log.warn("New software plugins are noticed only on a signal", why);
    return watchPaths({ directories: [directory], files: [], clock: tools.clock, changed, unwatchable });
  };

  return {
    look,
    wasAccepted: (name) => accepted.has(name),
    watch(changed, signal) {
      listeners.push(changed);
      watcher ??= begin();
      const stop = () => {
        watcher?.close();
        stopped.abort();
      };
      signal.addEventListener("abort", stop, { once: true });
    },
    async capability(round) {
      const shared = rounds.get(round) ?? look({ signal: stopped.signal });
      rounds.set(round, shared);
      return { types: [...(await shared).plugins.keys()] };
    },
  };
}
