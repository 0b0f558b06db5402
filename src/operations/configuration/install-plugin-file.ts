import { mkdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FileFaultCode, fileFault, type ReplaceOptions, replaceFile } from "../../base/atomic-file.ts";
import { type Fault, toFault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
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
export async function installPluginFile(
  options: InstallPluginFileOptions,
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const { configDirectory, owner } = options;
  const path = pluginFilePath(configDirectory);
  const legacy = join(configDirectory, LEGACY);
  try {
    if (await exists(path)) return ok();
    if (!(await exists(legacy))) {
      return await replaceFile(path, defaultPluginFile(configDirectory, options), owner === undefined ? {} : { owner });
    }
    await mkdir(dirname(path), { recursive: true });
    await rename(legacy, path);
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot make ${path}`, thrown));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return false;
    throw thrown;
  }
}
