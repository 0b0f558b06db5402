import { rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { fileFault } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { misfit } from "./config-file.ts";
import { type EditTarget, findTarget, type TargetFault, tableOf } from "./edit-target.ts";
import { type EditContext, writeConfigFile } from "./editable-file.ts";
import { addressName, type KeyAddress, settingOf } from "./key-address.ts";
import { type LoadFault, loadConfig } from "./load-config.ts";
import { migrateTedgeToml } from "./migrate.ts";
import { tedgeTomlPath } from "./tedge-toml.ts";
import { moveTomlKey, removeTomlKey, setTomlValue, type TomlEditFault, valueAt } from "./toml-edit.ts";
import type { StoredValue, ValueType } from "./value-type.ts";

export type EditFault = Fault<"invalid-input"> | TargetFault | TomlEditFault | LoadFault;

/** Whether a file was changed. */
export type Edited = Result<boolean, EditFault>;

/** Stores a value, as a person typed it (spec/cli-and-config §2.1, §2.4). Code `invalid-input`: nothing is written. */
export async function setValue(address: KeyAddress, text: string, context: EditContext): Promise<Edited> {
  const parsed = parseInput(address, text);
  if (!parsed.ok) return parsed;
  const target = await findTarget(address, context);
  return target.ok ? store(address, parsed.value, target.value, context) : target;
}

/** Takes a value out of its file, so that the default holds again. */
export async function unsetValue(address: KeyAddress, context: EditContext): Promise<Edited> {
  const target = await findTarget(address, context);
  return target.ok ? erase(target.value, context) : target;
}

/** Adds to a list; any other value is set. */
export async function addValue(address: KeyAddress, text: string, context: EditContext): Promise<Edited> {
  const { members } = settingOf(address).type;
  if (members === undefined) return setValue(address, text, context);
  const parsed = parseInput(address, text);
  if (!parsed.ok) return parsed;
  const target = await findTarget(address, context);
  if (!target.ok) return target;
  const current = await currentValue(address, target.value, context);
  if (!current.ok) return current;
  const sum = current.value === undefined ? parsed.value : members.add(current.value, parsed.value);
  return store(address, sum, target.value, context);
}

/** Takes out of a list what is given; any other value is unset if it equals what is given. */
export async function removeValue(address: KeyAddress, text: string, context: EditContext): Promise<Edited> {
  const { type } = settingOf(address);
  const parsed = parseInput(address, text);
  if (!parsed.ok) return parsed;
  const target = await findTarget(address, context);
  if (!target.ok) return target;
  const current = await currentValue(address, target.value, context);
  if (!current.ok) return current;
  if (current.value === undefined) return ok(false);
  if (type.members === undefined) {
    return type.print(current.value) === type.print(parsed.value) ? erase(target.value, context) : ok(false);
  }
  const rest = type.members.remove(current.value, parsed.value);
  if (isDeepStrictEqual(type.toToml(rest), type.toToml(current.value))) return ok(false);
  return store(address, rest, target.value, context);
}

function parseInput(address: KeyAddress, text: string): Result<unknown, Fault<"invalid-input">> {
  const value = settingOf(address).type.parse(text);
  if (value.ok) return value;
  return err(fault("invalid-input", "Failed to parse input", { cause: value.fault }));
}

/** What the file says, or else the default; the environment does not count. */
async function currentValue(
  address: KeyAddress,
  target: EditTarget,
  context: EditContext,
): Promise<Result<unknown, EditFault>> {
  const setting = settingOf(address);
  const table = tableOf(target.file.text);
  const path = [target.path, ...target.formerPaths].find((one) => valueAt(table, one) !== undefined);
  const stored = path && valueAt(table, path);
  if (path !== undefined && stored !== undefined) {
    const value = setting.type.fromToml(stored);
    if (value.ok) return value;
    return err(misfit({ ...target.file, table }, path, { key: addressName(address), cause: value.fault }));
  }
  if (typeof setting.default === "string") return parseDefault(setting.type, setting.default);
  const config = await loadConfig({ directory: context.directory, environment: {}, warn: () => undefined });
  if (!config.ok) return config;
  const effective = config.value.read(address);
  return ok(effective.ok ? effective.value?.value : undefined);
}

function parseDefault(type: ValueType<unknown>, text: string): Result<unknown, EditFault> {
  const value = type.parse(text);
  return value.ok ? value : err(fault("invalid-input", value.fault.message));
}

async function store(address: KeyAddress, value: unknown, target: EditTarget, context: EditContext): Promise<Edited> {
  const before = target.file.onDisk === undefined ? newText(address, target) : target.file.text;
  const text = withValue(before, target, settingOf(address).type.toToml(value));
  if (!text.ok) return text;
  if (target.kind === "mapper-file" && target.fresh) {
    const started = await startTedgeToml(context);
    if (!started.ok) return started;
  }
  if (text.value === target.file.onDisk) return ok(false);
  const written = await writeConfigFile(target.file.path, text.value, context);
  return written.ok ? ok(true) : written;
}

/** The value goes where it stands already, if it stands under a former name only; other former names go. */
function withValue(text: string, target: EditTarget, value: StoredValue): Result<string, TomlEditFault> {
  let changed: Result<string, TomlEditFault> = ok(text);
  for (const former of target.formerPaths) {
    if (!changed.ok) return changed;
    const table = tableOf(changed.value);
    if (valueAt(table, former) === undefined) continue;
    const taken = valueAt(table, target.path) !== undefined;
    changed = taken ? removeTomlKey(changed.value, former) : moveTomlKey(changed.value, former, target.path);
  }
  return changed.ok ? setTomlValue(changed.value, target.path, value) : changed;
}

async function erase(target: EditTarget, context: EditContext): Promise<Edited> {
  let changed: Result<string, TomlEditFault> = ok(target.file.text);
  const paths = [target.path, ...target.formerPaths].filter((path) => isSet(target.file.text, path));
  if (paths.length === 0) return ok(false);
  for (const path of paths) changed = changed.ok ? removeTomlKey(changed.value, path) : changed;
  if (!changed.ok) return changed;
  if (target.kind === "mapper-file" && isBare(changed.value)) return removeMapperFile(target.file.path);
  const written = await writeConfigFile(target.file.path, changed.value, context);
  return written.ok ? ok(true) : written;
}

function isSet(text: string, path: readonly string[]): boolean {
  return valueAt(tableOf(text), path) !== undefined;
}

/** A new mapper file says first which cloud it is for. */
function newText(address: KeyAddress, target: EditTarget): string {
  if (address.scope === "main" || target.kind === "tedge-toml") return target.file.text;
  return `cloud_type = "${address.cloud}"\n`;
}

/** Whether a mapper file says nothing but which cloud it is for. */
function isBare(text: string): boolean {
  return Object.keys(tableOf(text)).every((key) => key === "cloud_type");
}

/** Other files of the directory keep it. */
async function removeMapperFile(path: string): Promise<Edited> {
  try {
    await rm(path);
  } catch (thrown) {
    return err(fileFault(`Cannot remove ${path}`, thrown));
  }
  await rmdir(dirname(path)).catch(() => undefined);
  return ok(true);
}

/** Writing a setting of a cloud leaves a `tedge.toml` too, as the reference does. */
async function startTedgeToml(context: EditContext): Promise<Result<undefined, EditFault>> {
  const text = migrateTedgeToml("");
  return text.ok ? writeConfigFile(tedgeTomlPath(context.directory), text.value, context) : text;
}
