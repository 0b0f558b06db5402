import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isTomlTable, type TomlTable } from "../base/toml.ts";
import { type ConfigFile, type ConfigFileFault, readConfigFile } from "./config-file.ts";
import { cloudNamed } from "./parse-key.ts";
import { parseProfileName } from "./profile-name.ts";
import { type Cloud, isCloud } from "./table.ts";

/** Where a section of a cloud lives in a file of its own (spec/cli-and-config §4.3). */
export interface MapperFilePath {
  readonly cloud: Cloud;
  readonly profile: string | undefined;
  readonly path: string;
}

export interface MapperFile extends MapperFilePath {
  readonly file: ConfigFile;
}

/** Where the settings of one cloud come from, and where a change goes. */
export type CloudSource = "mapper-files" | "tedge-toml" | "new-mapper-files";

const MAPPERS_DIRECTORY = "mappers";

/** Where a section of a cloud is kept when it gets a file of its own. */
export function mapperFilePath(directory: string, cloud: Cloud, profile: string | undefined): string {
  return join(directory, MAPPERS_DIRECTORY, profile === undefined ? cloud : `${cloud}.${profile}`, "mapper.toml");
}

/** Finds the `mapper.toml` of every cloud and profile that has one; directories without it do not count. */
export async function listMapperFiles(
  directory: string,
): Promise<Result<readonly MapperFilePath[], Fault<"unreadable-config">>> {
  const names = await listNames(join(directory, MAPPERS_DIRECTORY));
  if (!names.ok) return names;
  const found: MapperFilePath[] = [];
  for (const name of names.value) {
    const owner = ownerOf(name);
    const path = join(directory, MAPPERS_DIRECTORY, name, "mapper.toml");
    if (owner !== undefined && (await exists(path))) found.push({ ...owner, path });
  }
  return ok(found);
}

/** Reads the mapper files of all clouds. */
export async function readMapperFiles(directory: string): Promise<Result<readonly MapperFile[], ConfigFileFault>> {
  const places = await listMapperFiles(directory);
  if (!places.ok) return places;
  const read: MapperFile[] = [];
  for (const place of places.value) {
    const file = await readConfigFile(place.path);
    if (!file.ok) return file;
    if (file.value !== undefined) read.push({ ...place, file: file.value });
  }
  return ok(read);
}

/** Mapper files win over `tedge.toml`, once there is one for the cloud. */
export function sourceOf(cloud: Cloud, files: readonly MapperFilePath[], tedgeToml: TomlTable): CloudSource {
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
    return err(fault("unreadable-config", `failed to read ${path}: ${osErrorText(thrown)}`));
  }
}

/** What cannot be looked at counts as there, so that reading it tells why. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    return !["ENOENT", "ENOTDIR"].includes(toFault(thrown).code);
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
