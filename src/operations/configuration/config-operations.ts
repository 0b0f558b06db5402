import type { FileServer } from "../../files/file-url.ts";
import type { BuiltinOperation } from "../builtin-operation.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";
import type { Transfer } from "../steps/transfer.ts";
import { createConfigPlugins } from "./config-plugins.ts";
import { createConfigSnapshot } from "./config-snapshot.ts";
import { createConfigUpdate } from "./config-update.ts";

export interface ConfigOperationsOptions {
  /** `configuration.plugin_paths` */
  readonly pluginDirectories: readonly string[];
  /** `<config_dir>/plugins/tedge-configuration-plugin.toml` */
  readonly pluginFile: string;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
  /** Where snapshots go that are asked for without an address. */
  readonly fileServer: FileServer;
}

/** `config_snapshot` and `config_update` (spec/operations §7.6, §7.7). */
export function createConfigOperations(options: ConfigOperationsOptions): readonly BuiltinOperation[] {
  const { tools, transfer, fileServer } = options;
  const plugins = createConfigPlugins({
    directories: options.pluginDirectories,
    settings: [options.pluginFile],
    tools,
  });
  const world = { plugins, tools, transfer, fileServer };
  return [createConfigSnapshot(world), createConfigUpdate(world)];
}
