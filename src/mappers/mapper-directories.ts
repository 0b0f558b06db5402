import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseProfileName } from "../config/profile-name.ts";
import { checkCustomName } from "./mapper-name.ts";

/** Names of the directories below `<cfg>/mappers`, sorted; none when it cannot be read. */
export async function listMapperDirectories(configDirectory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(join(configDirectory, "mappers"), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

/** Those of them that are user-defined mappers; the others are told, except where the settings of a cloud live. */
export function customMappersAmong(directories: readonly string[], skip: (text: string) => void): readonly string[] {
  return directories.filter((name) => {
    if (isCloudDirectory(name)) return false;
    const checked = checkCustomName(name);
    if (!checked.ok) skip(`Skipping mapper directory '${name}': ${checked.fault.message}`);
    return checked.ok;
  });
}

/** A user-defined mapper needs a directory (spec/bridges-and-mappers §11.1). */
export async function requireMapperDirectory(
  configDirectory: string,
  name: string,
): Promise<Result<undefined, Fault<"no-mapper-directory">>> {
  const directories = await listMapperDirectories(configDirectory);
  if (directories.includes(name)) return ok();
  const root = join(configDirectory, "mappers");
  const others =
    directories.length === 0 ? `No mappers found under '${root}'.` : `Available mappers: ${directories.join(", ")}`;
  return err(fault("no-mapper-directory", `Mapper directory '${join(root, name)}' does not exist. ${others}`));
}

/** `c8y`, `az.site2`, `collectd`: the directory of a built-in mapper. */
function isCloudDirectory(name: string): boolean {
  const [cloud = "", ...profile] = name.split(".");
  if (cloud === "collectd") return profile.length === 0;
  if (cloud !== "c8y" && cloud !== "az" && cloud !== "aws") return false;
  return profile.length === 0 || parseProfileName(profile.join(".")).ok;
}
