import type { JsonObject } from "../../base/json.ts";
import { type FindOptions, type FoundPlugins, findPlugins } from "../plugins/find-plugins.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";

/** Which software plugins there are; both operations and their capabilities go by it. */
export interface SoftwareTypes {
  /** Looks at the directory now. */
  look(options: FindOptions): Promise<FoundPlugins>;
  /** Whether a plugin of this name was accepted once. */
  wasAccepted(name: string): boolean;
  /** `{"types":[…]}`; those who ask in the same round share one look. */
  capability(round: object): Promise<JsonObject>;
}

/** `directory` is `<config_dir>/sm-plugins`. */
export function createSoftwareTypes(directory: string, tools: PluginTools): SoftwareTypes {
  const accepted = new Set<string>();
  const rounds = new WeakMap<object, Promise<FoundPlugins>>();
  const look = async (options: FindOptions) => {
    const found = await findPlugins([directory], tools, options);
    for (const name of found.plugins.keys()) accepted.add(name);
    return found;
  };
  return {
    look,
    wasAccepted: (name) => accepted.has(name),
    async capability(round) {
      const shared = rounds.get(round) ?? look({ signal: new AbortController().signal });
      rounds.set(round, shared);
      return { types: [...(await shared).plugins.keys()] };
    },
  };
}
