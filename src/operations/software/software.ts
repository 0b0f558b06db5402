import { rm } from "node:fs/promises";
import { join } from "node:path";
import { keyedLock } from "../../base/keyed-lock.ts";
import { softwareFileName } from "../../files/software-file-name.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import type { Disk } from "../disk.ts";
import type { PluginTools } from "../plugins/plugin-tools.ts";
import type { Transfer } from "../steps/transfer.ts";
import { createCurrentOperation } from "./current-operation.ts";
import { listSoftware } from "./software-list.ts";
import type { SoftwareSettings } from "./software-settings.ts";
import { createSoftwareTypes } from "./software-types.ts";
import { UPDATE_INTERRUPTED, updateSoftware } from "./software-update.ts";
import { readUpdateRequest } from "./update-request.ts";

export interface SoftwareOptions {
  /** `<config_dir>/sm-plugins` */
  readonly directory: string;
  /** `<agent.state.path>/software-current-operation` */
  readonly statePath: string;
  readonly tools: PluginTools;
  readonly disk: Disk;
  readonly transfer: Pick<Transfer, "download">;
  /** Read anew for every command. */
  readonly settings: () => Promise<SoftwareSettings>;
  /** A command was executed; called before its final state is published (spec/operations §7.4). */
  readonly onExecuted: () => void;
}

const LIST_INTERRUPTED = "Software List request cancelled due to unexpected agent restart";
/** Operations after which there may be other plugins. */
const CHANGING = ["software_update"];

/** `software_list` and `software_update`. One command of both at a time, since package managers lock (spec/operations §5.1, §7.1, §7.2). */
export function createSoftware(options: SoftwareOptions): readonly BuiltinOperation[] {
  const { tools } = options;
  const lock = keyedLock();
  const types = createSoftwareTypes(options.directory, tools);
  const current = createCurrentOperation({ path: options.statePath, disk: options.disk, log: tools.log });

  const alone = (work: (task: BuiltinTask, settings: SoftwareSettings) => Promise<BuiltinResult>) => {
    return (task: BuiltinTask): Promise<BuiltinResult> =>
      lock.hold("software", async () => {
        if (task.signal.aborted) return { status: "failed", reason: "Cancelled before it began" };
        await current.begin(task.command);
        const result = await work(task, await options.settings());
        options.onExecuted();
        return result;
      });
  };

  const operation = (
    name: string,
    execute: (task: BuiltinTask) => Promise<BuiltinResult>,
    interrupted: (task: BuiltinTask) => Promise<BuiltinResult>,
    finishesOnStop: boolean,
  ): BuiltinOperation => ({
    operation: name,
    capability: (round) => types.capability(round),
    refreshOn: ["sync"],
    refreshAfter: CHANGING,
    watch: (changed, signal) => types.watch(changed, signal),
    finishesOnStop,
    execute,
    // One that was only waiting for its turn has done nothing yet.
    resume: async (task) => ((await current.wasInterrupted(task.command.address)) ? interrupted(task) : execute(task)),
    cleanUp: ({ address }) => current.end(address),
  });

  return [
    operation(
      "software_list",
      alone((task, settings) => listSoftware(task, types, settings)),
      async () => ({ status: "failed", reason: LIST_INTERRUPTED }),
      false,
    ),
    operation(
      "software_update",
      alone((task, settings) => updateSoftware(task, { ...options, types, settings })),
      async (task) => {
        await removePackages(task, tools.tmp);
        return { status: "failed", reason: UPDATE_INTERRUPTED };
      },
      true,
    ),
  ];
}

/** What an earlier process downloaded for a command. */
async function removePackages({ command }: BuiltinTask, tmp: string): Promise<void> {
  const request = readUpdateRequest(command.payload);
  const modules = request.ok ? request.value.flatMap((group) => group.modules) : [];
  for (const { name, version, url } of modules) {
    if (url !== undefined) await rm(join(tmp, softwareFileName(name, version)), { force: true }).catch(() => undefined);
  }
}
