import { type Fault, fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { BuiltinTask } from "../builtin-operation.ts";
import { type PluginEnd, pluginFailure } from "../plugins/plugin-end.ts";
import type { Plugin, PluginTools } from "../plugins/plugin-tools.ts";
import { pluginUpdate } from "../plugins/plugin-update.ts";
import { runPlugin, streamPlugin } from "../plugins/run-plugin.ts";

export type PluginFault = Fault<"plugin-failed">;

/** Has a plugin write a configuration to a file, which is made with mode 0600. Nothing of it comes into a log (spec/operations §7.6, §15). */
export async function fetchConfig(
  plugin: Plugin,
  { name, target }: { readonly name: string; readonly target: string },
  { signal, log }: BuiltinTask,
  tools: PluginTools,
): Promise<Result<undefined, PluginFault>> {
  const end = await streamPlugin(plugin, { args: ["get", name], target, signal, logOutput: log }, tools);
  return end.kind === "done" ? ok() : failed(plugin, end);
}

/** Calls a plugin and gives what it printed for the workflow (spec/operations §7.8). */
export async function callPlugin(
  plugin: Plugin,
  args: readonly string[],
  { signal, log }: BuiltinTask,
  tools: PluginTools,
): Promise<Result<JsonObject, PluginFault>> {
  const end = await runPlugin(plugin, { args, signal, logOutput: log }, tools);
  return end.kind === "done" ? ok(pluginUpdate(end.stdout, tools.log)) : failed(plugin, end);
}

function failed({ name }: Plugin, end: PluginEnd): Result<never, PluginFault> {
  const reason = pluginFailure(end);
  const ran = end.kind === "exit" || end.kind === "killed";
  return err(
    fault("plugin-failed", `Config plugin '${name}' error: ${ran ? "Command execution failed: " : ""}${reason}`),
  );
}
