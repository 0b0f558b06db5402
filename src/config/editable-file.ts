import { chown, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type FileFaultCode, readText, replaceFile } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { type Fault, fault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseConfigFile } from "./config-file.ts";
import { configuredFileOwner, type FileOwner } from "./file-owner.ts";
import { repairToml } from "./repair-toml.ts";

export interface EditContext {
  readonly directory: string;
  readonly clock: Clock;
  /** Tells a person what else happened: repairs, a file that kept its owner. */
  readonly tell: (text: string) => void;
}

export interface EditableFile {
  readonly path: string;
  /** What to change: the text of the file, or what could be saved of it. */
  readonly text: string;
  /** The file as it is; `undefined` when there is none. */
  readonly onDisk: string | undefined;
}

export type EditableFault = Fault<"unreadable-config" | "invalid-config" | FileFaultCode>;

/**
 * Reads a file that is about to be changed. One that cannot be read is a fault, so that it is never replaced. One that is no TOML is kept as
 * `<path>.broken`, and its broken lines are commented out (spec/cli-and-config §1.3, §4.2).
 */
export async function openForEdit(path: string, context: EditContext): Promise<Result<EditableFile, EditableFault>> {
  const text = await readText(path);
  if (!text.ok && text.fault.code === "not-found") return ok({ path, text: "", onDisk: undefined });
  if (!text.ok) {
    return err(fault("unreadable-config", `failed to read ${path}: ${osErrorText(text.fault)}`));
  }
  const parsed = parseConfigFile(path, text.value);
  if (parsed.ok) return ok({ path, text: text.value, onDisk: text.value });
  const repaired = repairToml(text.value);
  if (repaired === undefined) return parsed;
  const kept = await writeConfigFile(`${path}.broken`, text.value, context);
  if (!kept.ok) return kept;
  for (const { line, content } of repaired.broken) {
    context.tell(`${path}: line ${line} is no TOML and was commented out: ${content}`);
  }
  context.tell(`The file as it was is kept as ${path}.broken`);
  return ok({ path, text: repaired.text, onDisk: text.value });
}

/** Replaces a configuration file whole, and gives it, with directories made for it, to the user of `system.toml` (spec/cli-and-config §4.5). */
export async function writeConfigFile(
  path: string,
  text: string,
  context: EditContext,
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const owner = await configuredFileOwner(context);
  if (owner !== undefined) await makeOwnedParents(path, owner);
  return replaceFile(path, text, owner === undefined ? {} : { owner });
}

/** A failure here comes back when the file is written. */
async function makeOwnedParents(path: string, { uid, gid }: FileOwner): Promise<void> {
  const first = await mkdir(dirname(path), { recursive: true }).catch(() => undefined);
  if (first === undefined) return;
  for (let made = dirname(path); made.startsWith(first); made = dirname(made)) {
    await chown(made, uid, gid).catch(() => undefined);
  }
}
