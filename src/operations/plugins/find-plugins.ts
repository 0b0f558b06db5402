import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type FileFaultCode, fileFault } from "../../base/atomic-file.ts";
import { describeFault, type Fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type PluginEnd, pluginFailure } from "./plugin-end.ts";
import type { Plugin, PluginTools } from "./plugin-tools.ts";
import { LIST_TIMEOUT, runPlugin } from "./run-plugin.ts";

/** A plugin that proved to be one. */
export interface AcceptedPlugin extends Plugin {
  /** What its `list` printed when it was accepted. */
  readonly listed: Uint8Array;
}

export interface FindOptions {
  /** Ends the search; what was found until then is given. */
  readonly signal: AbortSignal;
  /** Adds each call to an operation log; they come one after the other then. */
  readonly logOutput?: (text: string) => void;
}

export interface FoundPlugins {
  /** By name, in alphabetical order. */
  readonly plugins: ReadonlyMap<string, AcceptedPlugin>;
  /** Why those that failed were not accepted, by name. */
  readonly rejected: ReadonlyMap<string, PluginEnd>;
  /** One for each directory that could not be read; it is logged already. */
  readonly unreadable: readonly Fault<FileFaultCode>[];
}

/** Plugins whose `list` is tried at the same time. */
const AT_A_TIME = 4;

/**
 * Finds the plugins of several directories: every regular file, or link to one, whose `list` succeeds. Of plugins with the same name the one
 * of the earlier directory counts. What is skipped is logged (spec/operations §7.3, §7.8).
 */
export async function findPlugins(
  directories: readonly string[],
  tools: PluginTools,
  options: FindOptions,
): Promise<FoundPlugins> {
  const { log } = tools;
  const unreadable: Fault<FileFaultCode>[] = [];
  const candidates = new Map<string, string[]>();
  for (const directory of directories) {
    const names = await fileNames(directory);
    if (!names.ok) {
      // Who has no plugins of a kind needs no directory for them.
      const level = names.fault.code === "not-found" ? "info" : "warn";
      log[level](`Skipping the plugins of ${directory}: ${describeFault(names.fault)}`);
      unreadable.push(names.fault);
      continue;
    }
    for (const name of names.value)
      candidates.set(name, [...(candidates.get(name) ?? []), join(resolve(directory), name)]);
  }
  const waiting = [...candidates].sort(byName);
  const accepted = new Map<string, AcceptedPlugin>();
  const rejected = new Map<string, PluginEnd>();
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, paths] = next;
      const tried = await firstAccepted(name, paths, tools, options);
      if ("path" in tried) accepted.set(name, tried);
      else rejected.set(name, tried);
    }
  };
  await Promise.all(Array.from({ length: options.logOutput === undefined ? AT_A_TIME : 1 }, work));
  return { plugins: new Map([...accepted].sort(byName)), rejected, unreadable };
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** How the last one failed if none is accepted. */
async function firstAccepted(
  name: string,
  paths: readonly string[],
  tools: PluginTools,
  options: FindOptions,
): Promise<AcceptedPlugin | PluginEnd> {
  let last: PluginEnd = { kind: "aborted" };
  for (const path of paths) {
    last = await runPlugin({ name, path }, { args: ["list"], timeout: LIST_TIMEOUT, ...options }, tools);
    if (last.kind === "done") return { name, path, listed: last.stdout };
    if (last.kind === "aborted") break;
    tools.log.error(`Skipping the plugin ${path}: its list fails: ${pluginFailure(last)}`);
  }
  return last;
}

/** Names of the regular files of a directory, and of links to such. */
async function fileNames(directory: string): Promise<Result<readonly string[], Fault<FileFaultCode>>> {
  try {
    const names = await readdir(directory);
    const kinds = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
    return ok(names.filter((_name, index) => kinds[index]?.isFile() === true));
  } catch (thrown) {
    return err(fileFault(`Cannot read ${directory}`, thrown));
  }
}
