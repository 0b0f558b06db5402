import { type PluginEnd, pluginFailure } from "../plugins/plugin-end.ts";
import type { Plugin, PluginTools } from "../plugins/plugin-tools.ts";
import { CALL_TIMEOUT, runPlugin } from "../plugins/run-plugin.ts";
import type { ReadyUpdate } from "./software-module.ts";

/** The calls of one software plugin within one command (spec/operations §7.3). */
export interface SoftwarePlugin {
  readonly name: string;
  prepare(): Promise<CallOutcome>;
  finalize(): Promise<CallOutcome>;
  /** Installs or removes one module. */
  apply(update: ReadyUpdate): Promise<CallOutcome>;
  /** All at once. `unsupported` asks for one by one. */
  applyAll(updates: readonly ReadyUpdate[]): Promise<CallOutcome | "unsupported">;
}

/** `undefined` for success, else why not: what the plugin said on stderr. */
export type CallOutcome = string | undefined;

export interface SoftwareCalls {
  readonly tools: PluginTools;
  /** Ends what runs. */
  readonly signal: AbortSignal;
  readonly logOutput: (text: string) => void;
}

/** Milliseconds for what changes the system: a package manager that is broken off leaves a mess, so it gets long. */
const CHANGE_TIMEOUT = 3_600_000;
/** Exit code of `update-list` by which a plugin says that it takes modules only one by one. */
const UNSUPPORTED = 1;
/** Characters of a reason. */
const LONGEST_REASON = 16_384;

export function softwarePlugin(plugin: Plugin, calls: SoftwareCalls): SoftwarePlugin {
  const call = (args: readonly string[], timeout: number, stdin?: string): Promise<PluginEnd> => {
    const { tools, signal, logOutput } = calls;
    return runPlugin(plugin, { args, timeout, signal, logOutput, ...(stdin === undefined ? {} : { stdin }) }, tools);
  };
  const change = async (args: readonly string[]) => outcome(await call(args, CHANGE_TIMEOUT));
  return {
    name: plugin.name,
    prepare: async () => outcome(await call(["prepare"], 3 * CALL_TIMEOUT)),
    finalize: () => change(["finalize"]),
    apply: ({ action, name, version, path }) =>
      change([
        action,
        name,
        ...(version === undefined ? [] : ["--module-version", version]),
        ...(path === undefined ? [] : ["--file", path]),
      ]),
    async applyAll(updates) {
      const end = await call(["update-list"], CHANGE_TIMEOUT, updates.map(updateLine).join(""));
      if (end.kind === "exit" && end.code === UNSUPPORTED) return "unsupported";
      if (end.kind === "killed" && end.limit === undefined) return "Interrupted";
      return outcome(end);
    },
  };
}

function outcome(end: PluginEnd): CallOutcome {
  return pluginFailure(end)?.slice(-LONGEST_REASON);
}

function updateLine({ action, name, version = "", path = "" }: ReadyUpdate): string {
  return `${[action, name, version, action === "install" ? path : ""].join("\t")}\n`;
}
