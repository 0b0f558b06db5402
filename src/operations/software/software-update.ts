import { describeFault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { withoutStop } from "../agent-stops.ts";
import type { BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import { logError } from "../log-text.ts";
import type { AcceptedPlugin } from "../plugins/find-plugins.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";
import type { Transfer } from "../steps/transfer.ts";
import { failureReason } from "./failure-reason.ts";
import { failureEntry, type UpdateFailure, type UpdateGroup } from "./software-module.ts";
import { softwarePlugin } from "./software-plugin.ts";
import type { SoftwareSettings } from "./software-settings.ts";
import type { SoftwareTypes } from "./software-types.ts";
import { updateGroup } from "./update-group.ts";
import { readUpdateRequest } from "./update-request.ts";

export interface UpdateContext {
  readonly types: SoftwareTypes;
  readonly settings: SoftwareSettings;
  readonly tools: PluginTools;
  readonly transfer: Pick<Transfer, "download">;
}

export const UPDATE_INTERRUPTED = "Software Update command cancelled due to unexpected agent restart";

/**
 * Updates group by group, in the order of the request; one that fails does not stop the next (spec/operations §7.2). When the agent stops, the
 * call of a plugin that is under way still comes to its end, since a package manager must not be broken off; no other begins.
 */
export async function updateSoftware(task: BuiltinTask, context: UpdateContext): Promise<BuiltinResult> {
  const { payload } = task.command;
  const request = readUpdateRequest(payload);
  if (!request.ok) return { status: "failed", reason: request.fault.message };
  const { plugins, unreadable } = await context.types.look({ signal: task.signal });
  const [missing] = unreadable;
  if (missing !== undefined) {
    return { status: "failed", reason: `There are no software plugins: ${describeFault(missing)}` };
  }
  const texts: string[] = [];
  const failed: JsonObject[] = [];
  for (const group of request.value) {
    if (task.signal.aborted) return { status: "failed", reason: UPDATE_INTERRUPTED };
    const plugin = choosePlugin(group.type, plugins, context.settings);
    const { failures, cutOff } =
      plugin === undefined ? refuseGroup(group, task) : await runGroup(plugin, group, task, context);
    if (cutOff) return { status: "failed", reason: UPDATE_INTERRUPTED };
    if (failures.length === 0) continue;
    texts.push(failures.map(({ text }) => text).join(","));
    failed.push(failureEntry(group.type, failures));
  }
  if (texts.length === 0) return { status: "successful", update: {} };
  return { status: "failed", reason: failureReason(texts, payload), update: { failures: failed } };
}

function runGroup(plugin: AcceptedPlugin, { modules }: UpdateGroup, task: BuiltinTask, context: UpdateContext) {
  const { tools, transfer } = context;
  const { signal, log } = task;
  const calls = softwarePlugin(plugin, { tools, signal: withoutStop(signal), logOutput: log });
  return updateGroup(calls, modules, { transfer, tmp: tools.tmp, signal, logOutput: log });
}

/** The type `default`, or none, is the configured plugin, else the only one that there is. */
function choosePlugin(
  type: string,
  plugins: ReadonlyMap<string, AcceptedPlugin>,
  { defaultType }: SoftwareSettings,
): AcceptedPlugin | undefined {
  if (type !== "default" && type !== "") return plugins.get(type);
  if (defaultType !== undefined) return plugins.get(defaultType);
  return plugins.size === 1 ? [...plugins.values()][0] : undefined;
}

function refuseGroup({ type, modules }: UpdateGroup, { log }: BuiltinTask) {
  const reason = `Unknown software type: ${quoteText(type)}`;
  const names = modules.map(({ name }) => quoteText(name)).join(", ");
  const text = `${reason}. The affected packages are: [${names}]`;
  log(logError(text));
  const failure: UpdateFailure = { text, modules: modules.map((module) => ({ ...module, reason })) };
  return { failures: [failure], cutOff: false };
}
