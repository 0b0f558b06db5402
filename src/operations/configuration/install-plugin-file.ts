import { join } from "node:path";
import type { FileFaultCode, ReplaceOptions } from "../../base/atomic-file.ts";
import type { Fault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";
import { installPluginSettings } from "../plugins/install-plugin-settings.ts";
import { defaultPluginFile, pluginFilePath } from "./plugin-file.ts";

export interface InstallPluginFileOptions {
  readonly configDirectory: string;
  /** Names of those who own the files of an agent; empty when that is nobody in particular. */
  readonly user: string;
  readonly group: string;
  /** Who is to own the file. */
  readonly owner?: ReplaceOptions["owner"];
}

/** Where an agent with Cumulocity alone had it. */
const LEGACY = "c8y/c8y-configuration-plugin.toml";

/** Makes the file of the plugin `file` if there is none, from the one of an old version if there is that (spec/operations §7.8). */
export function installPluginFile(options: InstallPluginFileOptions): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const { configDirectory, owner } = options;
  return installPluginSettings({
    path: pluginFilePath(configDirectory),
    text: defaultPluginFile(configDirectory, options),
    legacy: join(configDirectory, LEGACY),
    ...(owner === undefined ? {} : { owner }),
  });
}
