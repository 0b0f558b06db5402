import { describeFault, type Fault } from "../base/fault.ts";
import { ok, type Result } from "../base/result.ts";
import { isTomlTable, parseToml, type TomlTable } from "../base/toml.ts";
import { type EditableFault, type EditableFile, type EditContext, openForEdit } from "./editable-file.ts";
import { addressPath, type CloudAddress, type KeyAddress, sectionPath, settingOf } from "./key-address.ts";
import { listMapperFiles, mapperFilePath, sourceOf } from "./mapper-files.ts";
import { migrateTedgeToml } from "./migrate.ts";
import { tedgeTomlPath } from "./tedge-toml.ts";
import { valueAt } from "./toml-edit.ts";

/** Where a value is, or goes to. */
export interface EditTarget {
  /** With the text to change: of the present version, broken lines commented out. */
  readonly file: EditableFile;
  readonly kind: "tedge-toml" | "mapper-file";
  readonly path: readonly string[];
  /** Where the value may stand under a former name. */
  readonly formerPaths: readonly (readonly string[])[];
  /** `tedge.toml` does not exist yet. */
  readonly fresh: boolean;
}

export type TargetFault = EditableFault | Fault<"unreadable-config">;

/** Finds the file and the place of a value, by the rules of spec/cli-and-config §4.3. */
export async function findTarget(address: KeyAddress, context: EditContext): Promise<Result<EditTarget, TargetFault>> {
  const opened = await openForEdit(tedgeTomlPath(context.directory), context);
  if (!opened.ok) return opened;
  const tedgeToml = migrated(opened.value, context);
  const fresh = tedgeToml.onDisk === undefined;
  if (address.scope === "main") {
    const formerPaths = (settingOf(address).aliases ?? []).map((alias) => alias.split("."));
    return ok({ file: tedgeToml, kind: "tedge-toml", path: addressPath(address), formerPaths, fresh });
  }
  const files = await listMapperFiles(context.directory);
  if (!files.ok) return files;
  const table = tableOf(tedgeToml.text);
  if (sourceOf(address.cloud, files.value, table) === "tedge-toml") {
    return ok({ file: tedgeToml, kind: "tedge-toml", ...pathsInTedgeToml(address, table), fresh });
  }
  const known = files.value.find((file) => file.cloud === address.cloud && file.profile === address.profile);
  const path = known?.path ?? mapperFilePath(context.directory, address.cloud, address.profile);
  const file = await openForEdit(path, context);
  if (!file.ok) return file;
  const formerPaths = (settingOf(address).aliases ?? []).map((alias) => alias.split("."));
  return ok({ file: file.value, kind: "mapper-file", path: address.key.split("."), formerPaths, fresh });
}

/** The table of a text that is known to be TOML. */
export function tableOf(text: string): TomlTable {
  const table = parseToml(text);
  return table.ok ? table.value : {};
}

function migrated(file: EditableFile, context: EditContext): EditableFile {
  const text = migrateTedgeToml(file.text);
  if (text.ok) return { ...file, text: text.value };
  context.tell(describeFault(text.fault));
  return file;
}

/** The section may be named `azure`, and a profile with capitals. */
function pathsInTedgeToml(address: CloudAddress, table: TomlTable): Pick<EditTarget, "path" | "formerPaths"> {
  const sections = (address.cloud === "az" ? ["az", "azure"] : [address.cloud]).map((name) => [
    name,
    ...profileSegments(address, valueAt(table, [name, "profiles"])),
  ]);
  const names = [address.key, ...(settingOf(address).aliases ?? [])].map((name) => name.split("."));
  const [first = sectionPath(address), ...others] = sections;
  const path = [...first, ...address.key.split(".")];
  const formerPaths = [first, ...others].flatMap((section) => names.map((name) => [...section, ...name]));
  return { path, formerPaths: formerPaths.slice(1) };
}

function profileSegments(address: CloudAddress, profiles: ReturnType<typeof valueAt>): string[] {
  if (address.profile === undefined) return [];
  const written = isTomlTable(profiles) ? Object.keys(profiles) : [];
  return ["profiles", written.find((name) => name.toLowerCase() === address.profile) ?? address.profile];
}
