import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, type TomlTable } from "../base/toml.ts";
import { type ConfigFile, type ConfigFileFault, readConfigFile } from "./config-file.ts";
import { cloudNamed } from "./parse-key.ts";
import { parseProfileName } from "./profile-name.ts";
import { type Cloud, isCloud } from "./table.ts";

/** A section of a cloud that lives in a file of its own (spec/cli-and-config §4.3). */
export interface MapperFile {
  readonly cloud: Cloud;
  readonly profile: string | undefined;
  readonly file: ConfigFile;
}

/** Where the settings of one cloud come from, and where a change goes. */
export type CloudSource = "mapper-files" | "tedge-toml" | "new-mapper-files";

export const MAPPERS_DIRECTORY = "mappers";

/** Where a section of a cloud is kept, if it is kept in a file of its own. */
export function mapperFilePath(directory: string, cloud: Cloud, profile: string | undefined): string {
  return join(directory, MAPPERS_DIRECTORY, profile === undefined ? cloud : `${cloud}.${profile}`, "mapper.toml");
}

/** Reads the `mapper.toml` of every cloud and profile that has one; directories without it do not count. */
export async function findMapperFiles(
  directory: string,
): Promise<Result<readonly MapperFile[], Fault<"unreadable-config"> | ConfigFileFault>> {
  const names = await listNames(join(directory, MAPPERS_DIRECTORY));
  if (!names.ok) return names;
  const found: MapperFile[] = [];
  for (const name of names.value) {
    const owner = ownerOf(name);
    if (owner === undefined) continue;
    const file = await readConfigFile(join(directory, MAPPERS_DIRECTORY, name, "mapper.toml"));
    if (!file.ok) return file;
    if (file.value !== undefined) found.push({ ...owner, file: file.value });
  }
  return ok(found);
}

/** Mapper files win over `tedge.toml`, once there is one for the cloud. */
export function sourceOf(cloud: Cloud, files: readonly MapperFile[], tedgeToml: TomlTable): CloudSource {
  if (files.some((file) => file.cloud === cloud)) return "mapper-files";
  return hasCloudSection(tedgeToml) ? "tedge-toml" : "new-mapper-files";
}

/** Whether `tedge.toml` holds a section of any cloud. */
export function hasCloudSection(tedgeToml: TomlTable): boolean {
  return Object.entries(tedgeToml).some(([name, value]) => cloudNamed(name) !== undefined && isTomlTable(value));
}

async function listNames(path: string): Promise<Result<readonly string[], Fault<"unreadable-config">>> {
  try {
    return ok((await readdir(path)).sort());
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return ok([]);
    return err(fault("unreadable-config", `failed to read ${path}: ${osErrorText(thrown)}`, { cause: thrown }));
  }
}

function ownerOf(name: string): { readonly cloud: Cloud; readonly profile: string | undefined } | undefined {
  const dot = name.indexOf(".");
  const cloud = dot === -1 ? name : name.slice(0, dot);
  if (!isCloud(cloud)) return undefined;
  if (dot === -1) return { cloud, profile: undefined };
  const profile = parseProfileName(name.slice(dot + 1));
  return profile.ok ? { cloud, profile: profile.value } : undefined;
}
