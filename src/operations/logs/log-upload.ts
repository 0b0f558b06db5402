import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileFault } from "../../base/atomic-file.ts";
import { describeFault, fault } from "../../base/fault.ts";
import { watchPaths } from "../../base/path-watch.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import type { CommandAddress } from "../command.ts";
import { logError } from "../log-text.ts";
import { pluginFailure } from "../plugins/plugin-end.ts";
import type { Plugin, PluginTools } from "../plugins/plugin-tools.ts";
import { streamPlugin } from "../plugins/run-plugin.ts";
import type { Transfer } from "../steps/transfer.ts";
import { type LogRequest, readLogRequest } from "./log-request.ts";
import { createLogTypes } from "./log-types.ts";
import { copyNewestLines } from "./newest-lines.ts";

export interface LogUploadOptions {
  /** `log.plugin_paths` */
  readonly pluginDirectories: readonly string[];
  /** File with the filters: `<config_dir>/plugins/tedge-log-plugin.toml`. */
  readonly filters: string;
  readonly tools: PluginTools;
  readonly transfer: Transfer;
}

const OPERATION = "log_upload";

/** Fetches a log from a plugin, picks the newest lines that are wanted, and uploads them (spec/operations §7.9). */
export function logUpload({ pluginDirectories, filters, tools, transfer }: LogUploadOptions): BuiltinOperation {
  const stopped = new AbortController();
  /** Work directories in use; the ids of sub-commands come again. */
  const inUse = new Set<string>();
  const types = createLogTypes({ directories: pluginDirectories, filters, tools });

  const upload = async (request: LogRequest, task: BuiltinTask): Promise<Result<undefined>> => {
    const plugin = await types.plugin(request.plugin, task.signal);
    if (plugin === undefined) return initiationFailed(`Log plugin '${request.plugin}' error: Plugin not found`);
    const directory = workDirectory(tools.tmp, task.command.address);
    inUse.add(directory);
    try {
      const log = join(directory, logFileName(request, tools.clock.now()));
      const made = await makeDirectory(directory);
      if (!made.ok) return initiationFailed(describeFault(made.fault));
      const fetched = await fetchLog(plugin, request, log, task);
      if (!fetched.ok) return initiationFailed(`Log plugin '${plugin.name}' error: ${describeFault(fetched.fault)}`);
      task.log(`Uploading ${log} to ${request.uploadUrl}\n`);
      const sent = await transfer.upload(log, request.uploadUrl, task.signal);
      const why = "Failed to upload log to file-transfer service";
      return sent.ok ? ok() : err(fault("upload-failed", `${why}: ${describeFault(sent.fault)}`));
    } finally {
      await remove(directory);
      inUse.delete(directory);
    }
  };

  const fetchLog = async (plugin: Plugin, request: LogRequest, target: string, task: BuiltinTask) => {
    const { signal } = task;
    const whole = `${target}.part`;
    const args = ["get", request.log, "--since", String(request.since), "--until", String(request.until)];
    const end = await streamPlugin(plugin, { args, target: whole, signal, logOutput: task.log }, tools);
    const failure = pluginFailure(end);
    if (failure !== undefined) return err(fault("plugin-failed", `Get command error: ${failure}`));
    return copyNewestLines(whole, target, request, signal);
  };

  return {
    operation: OPERATION,
    capability: async () => ({ types: [...(await types.look(stopped.signal))] }),
    refreshOn: ["sync", "sync_log_upload"],
    refreshAfter: ["software_update", "config_update"],
    watch(changed, signal) {
      const watch = watchPaths({
        directories: pluginDirectories,
        files: [filters],
        clock: tools.clock,
        changed,
        unwatchable: (because) => tools.log.warn("New log types are noticed only when a signal asks for them", because),
      });
      signal.addEventListener(
        "abort",
        () => {
          watch.close();
          stopped.abort();
        },
        { once: true },
      );
    },
    async execute(task): Promise<BuiltinResult> {
      const request = readLogRequest(task.command.payload);
      if (!request.ok)
        return { status: "failed", reason: `Failed to initiate log file upload: ${request.fault.message}` };
      const uploaded = await upload(request.value, task);
      const update = request.value.dates;
      if (uploaded.ok) return { status: "successful", update };
      task.log(logError(uploaded.fault.message));
      return { status: "failed", reason: uploaded.fault.message, update };
    },
    async cleanUp({ address }) {
      const directory = workDirectory(tools.tmp, address);
      if (address.operation === OPERATION && !inUse.has(directory)) await remove(directory);
    },
  };
}

function initiationFailed(why: string): Result<never> {
  return err(fault("not-initiated", `Failed to initiate log file upload: ${why}`));
}

/** Of its own for each command, so that what a process left that was killed is found again. */
function workDirectory(tmp: string, { operation, id }: CommandAddress): string {
  return join(tmp, `${operation}-${id}`);
}

/** The server that takes the file sees nothing of this name but its ending. */
function logFileName({ log, plugin }: LogRequest, now: number): string {
  const name = `${log}_${plugin}`.replaceAll(/[/\\:]/g, "_").slice(0, LONGEST_NAME);
  return basename(`${name}_${Math.floor(now / 1_000)}.log`);
}

const LONGEST_NAME = 60;

async function makeDirectory(path: string): Promise<Result<undefined>> {
  try {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { mode: 0o700 });
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot make ${path}`, thrown));
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}
