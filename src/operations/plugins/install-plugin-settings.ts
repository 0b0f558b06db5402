import { mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type FileFaultCode, fileFault, type ReplaceOptions, replaceFile } from "../../base/atomic-file.ts";
import { type Fault, toFault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

export interface PluginSettingsFile {
  readonly path: string;
  /** What is in it at first. */
  readonly text: string;
  /** Where an agent with Cumulocity alone had it. */
  readonly legacy: string;
  /** Who is to own it. */
  readonly owner?: ReplaceOptions["owner"];
}

/** Makes the settings of a plugin if there are none, from the ones of an old version if there are those (spec/operations §7.8, §7.9). */
export async function installPluginSettings(
  file: PluginSettingsFile,
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const { path, text, legacy, owner } = file;
  try {
    if (await exists(path)) return ok();
    if (!(await exists(legacy))) return await replaceFile(path, text, owner === undefined ? {} : { owner });
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
