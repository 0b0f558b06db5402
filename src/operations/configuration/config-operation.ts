import { fault } from "../../base/fault.ts";
import { err, type Result } from "../../base/result.ts";
import type { FileServer } from "../../files/file-url.ts";
import type { BuiltinOperation, BuiltinStep } from "../builtin-operation.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";
import type { Transfer } from "../steps/transfer.ts";
import type { ConfigPlugins } from "./config-plugins.ts";

/** What the operations on configurations are made from. */
export interface ConfigWorld {
  readonly plugins: ConfigPlugins;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
  readonly fileServer: FileServer;
}

/** What both say about themselves, and when (spec/operations §1.1, §12). */
export function configCapability(
  plugins: ConfigPlugins,
): Pick<BuiltinOperation, "capability" | "refreshOn" | "refreshAfter" | "watch"> {
  return {
    capability: async (round) => ({ types: await plugins.types(round) }),
    refreshOn: ["sync", "sync_config"],
    refreshAfter: ["software_update"],
    watch: (changed, signal) => plugins.watch(changed, signal),
  };
}

/** Tells in a fault which step it comes from. */
export function configStep(name: string, step: BuiltinStep): readonly [string, BuiltinStep] {
  return [name, async (task) => told(name, await step(task))];
}

function told<T>(step: string, result: Result<T>): Result<T> {
  if (result.ok) return result;
  return err(fault(result.fault.code, `config_operation step '${step}' failed`, { cause: result.fault }));
}
