import { describeFault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import { pluginFailure } from "../plugins/plugin-end.ts";
import { failureReason } from "./failure-reason.ts";
import { readModuleList } from "./module-list.ts";
import type { SoftwareSettings } from "./software-settings.ts";
import type { SoftwareTypes } from "./software-types.ts";

/**
 * Lists what every plugin knows, in alphabetical order of the plugins. One that fails is left out and fails the command, the lists of the
 * others are there all the same (spec/operations §7.1).
 */
export async function listSoftware(
  { command, signal, log }: BuiltinTask,
  types: SoftwareTypes,
  settings: SoftwareSettings,
): Promise<BuiltinResult> {
  const { plugins, rejected } = await types.look({ signal, logOutput: log });
  const lists: JsonObject[] = [];
  const errors: string[] = [];
  for (const [type, end] of rejected) {
    if (types.wasAccepted(type)) errors.push(pluginError(type, pluginFailure(end) ?? ""));
  }
  for (const [type, { listed }] of plugins) {
    const modules = readModuleList(listed, settings);
    if (modules.ok) lists.push({ type, modules: modules.value.map((module) => ({ ...module })) });
    else errors.push(pluginError(type, describeFault(modules.fault)));
  }
  const none = plugins.size === 0 && errors.length === 0;
  const update = { currentSoftwareList: none ? [{ type: "", modules: [] }] : lists };
  if (errors.length === 0) return { status: "successful", update };
  return { status: "failed", reason: failureReason(errors, command.payload), update };
}

function pluginError(type: string, reason: string): string {
  return `Plugin error for ${quoteText(type)}, reason: ${quoteText(reason)}`;
}
