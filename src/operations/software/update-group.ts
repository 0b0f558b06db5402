import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describeFault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { softwareFileName } from "../../files/software-file-name.ts";
import { withoutPassword } from "../../files/transfer/transfer-fault.ts";
import type { Transfer } from "../steps/transfer.ts";
import { describeModule, type ModuleUpdate, type ReadyUpdate, type UpdateFailure } from "./software-module.ts";
import type { SoftwarePlugin } from "./software-plugin.ts";

export interface GroupContext {
  readonly transfer: Pick<Transfer, "download">;
  /** `tmp.path` */
  readonly tmp: string;
  /** Once it is aborted, no further module is begun. */
  readonly signal: AbortSignal;
  readonly logOutput: (text: string) => void;
}

export interface GroupOutcome {
  readonly failures: readonly UpdateFailure[];
  /** The signal came before everything was done. */
  readonly cutOff: boolean;
}

/**
 * Updates the modules of one plugin: `prepare`, downloads, all at once or else one by one, `finalize`. What goes wrong with one module does
 * not keep the others from being updated (spec/operations §7.2).
 */
export async function updateGroup(
  plugin: SoftwarePlugin,
  modules: readonly ModuleUpdate[],
  context: GroupContext,
): Promise<GroupOutcome> {
  const { signal } = context;
  const type = quoteText(plugin.name);
  const unprepared = await plugin.prepare();
  if (signal.aborted) return CUT_OFF;
  if (unprepared !== undefined) return failedWith(groupFailure(`Failed to prepare updates for ${type}`, unprepared));
  const downloaded: string[] = [];
  try {
    const fetched = await fetchAll(modules, downloaded, context);
    if (signal.aborted) return CUT_OFF;
    const applied = fetched.ok ? await applyUpdates(plugin, fetched.value, context) : failedWith(fetched.fault);
    if (applied.cutOff) return applied;
    const unfinished = await plugin.finalize();
    if (unfinished === undefined) return applied;
    return failedWith(...applied.failures, groupFailure(`Failed to finalize updates for ${type}`, unfinished));
  } finally {
    for (const path of downloaded) await rm(path, { force: true, recursive: true }).catch(() => undefined);
  }
}

const CUT_OFF: GroupOutcome = { failures: [], cutOff: true };

function failedWith(...failures: readonly UpdateFailure[]): GroupOutcome {
  return { failures, cutOff: false };
}

/** Downloads the packages one after the other; paths are told before something is there. */
async function fetchAll(
  modules: readonly ModuleUpdate[],
  paths: string[],
  context: GroupContext,
): Promise<Result<readonly ReadyUpdate[], UpdateFailure>> {
  const updates: ReadyUpdate[] = [];
  for (const module of modules) {
    const { url } = module;
    if (url === undefined) {
      updates.push(module);
      continue;
    }
    const path = join(context.tmp, softwareFileName(module.name, module.version));
    paths.push(path);
    const shown = withoutPassword(url);
    context.logOutput(`\n----- $ Downloading: ${shown} to ${path} \n`);
    const done = await context.transfer.download(url, path, context.signal);
    if (!done.ok) {
      const reason = describeFault(done.fault);
      context.logOutput(`error: ${reason}\n`);
      const text = `DownloadError error: ${quoteText(reason)} for ${quoteText(shown)}`;
      return err({ text, modules: [{ ...module, reason: text }] });
    }
    updates.push({ ...module, path });
  }
  return ok(updates);
}

async function applyUpdates(
  plugin: SoftwarePlugin,
  updates: readonly ReadyUpdate[],
  { signal, logOutput }: GroupContext,
): Promise<GroupOutcome> {
  const all = await plugin.applyAll(updates);
  if (all === undefined) return failedWith();
  if (all !== "unsupported") {
    return failedWith(groupFailure(`Failed to execute updates for ${quoteText(plugin.name)}`, all));
  }
  logOutput(`\nThe plugin ${plugin.name} takes no update-list: modules are updated one by one\n`);
  const failures: UpdateFailure[] = [];
  for (const update of updates) {
    if (signal.aborted) return CUT_OFF;
    const reason = await plugin.apply(update);
    if (reason !== undefined) failures.push(moduleFailure(update, reason));
  }
  return failedWith(...failures);
}

function groupFailure(what: string, reason: string): UpdateFailure {
  return { text: `${what}: ${gist(reason)}`, modules: [] };
}

function moduleFailure({ path: _path, ...module }: ReadyUpdate, reason: string): UpdateFailure {
  const what = module.action === "install" ? "install" : "uninstall";
  return { text: `Failed to ${what} ${describeModule(module)}: ${gist(reason)}`, modules: [{ ...module, reason }] };
}

/** The last line that says something: package managers tell there what went wrong, after everything that they did. */
function gist(reason: string): string {
  const last = reason.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return last.length > LONGEST_GIST ? `${last.slice(0, LONGEST_GIST)}…` : last;
}

const LONGEST_GIST = 300;
