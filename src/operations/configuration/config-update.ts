import { mkdir, stat } from "node:fs/promises";
import * as v from "valibot";
import { fileFault } from "../../base/atomic-file.ts";
import { describeFault, type Fault, fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import { downloadPath } from "../steps/transfer.ts";
import { removeLeftovers, temporaryPath } from "./config-leftovers.ts";
import { type ConfigWorld, configCapability, configStep } from "./config-operation.ts";
import { callPlugin } from "./config-plugin-call.ts";
import { decodeRequest, TYPED } from "./config-request.ts";
import { parseConfigType } from "./config-type.ts";

const PREPARE = v.looseObject({ ...TYPED.entries, setFrom: v.string() });
const SET = v.looseObject({ ...TYPED.entries, setFrom: v.string(), workDir: v.string() });
const AFTERWARDS = v.looseObject({ ...TYPED.entries, workDir: v.string() });
const WHOLE = v.looseObject({
  ...TYPED.entries,
  remoteUrl: v.string(),
  serverUrl: v.string(),
  tedgeUrl: v.optional(v.string()),
});

const OPERATION = "config_update";

/** `config_update`: a plugin gets a new configuration, applies it, checks it, or goes back (spec/operations §7.7). */
export function createConfigUpdate(world: ConfigWorld): BuiltinOperation {
  const { plugins, tools, transfer } = world;

  /** Each call may be the second one, after this process was killed during the first. */
  const call = async (
    command: string,
    { type, file, workDir }: { readonly type: string; readonly file?: string; readonly workDir: string },
    task: BuiltinTask,
  ): Promise<Result<JsonObject>> => {
    const { name, plugin: pluginName } = parseConfigType(type);
    const plugin = await plugins.find(pluginName);
    if (plugin === undefined) return err(fault("no-plugin", `Plugin '${pluginName}' not found.`));
    const args = [command, name, ...(file === undefined ? [] : [file]), "--work-dir", workDir];
    return callPlugin(plugin, args, task, tools);
  };

  const prepare = async (task: BuiltinTask): Promise<Result<JsonObject>> => {
    const { address, payload } = task.command;
    const request = decodeRequest(PREPARE, payload);
    if (!request.ok) return request;
    const { type, setFrom: file } = request.value;
    const workDir = temporaryPath(OPERATION, tools.tmp, { type, id: address.id, time: tools.clock.now() });
    const made = await makePrivate(workDir);
    if (!made.ok) return made;
    const prepared = await call("prepare", { type, file, workDir }, task);
    return prepared.ok ? ok({ workDir, ...prepared.value }) : prepared;
  };

  const set = async (task: BuiltinTask): Promise<Result<JsonObject>> => {
    const request = decodeRequest(SET, task.command.payload);
    if (!request.ok) return request;
    const { type, setFrom: file, workDir } = request.value;
    const there = await isThere(file);
    return there ? call("set", { type, file, workDir }, task) : err(fault("no-file", `File '${file}' not found.`));
  };

  const verify = async (task: BuiltinTask): Promise<Result<JsonObject>> => {
    const request = decodeRequest(AFTERWARDS, task.command.payload);
    return request.ok ? call("verify", request.value, task) : request;
  };

  /** Whoever reads why it failed has to learn as well why it was necessary. */
  const rollback = async (task: BuiltinTask): Promise<Result<JsonObject>> => {
    const { reason } = task.command.payload;
    const request = decodeRequest(AFTERWARDS, task.command.payload);
    const rolledBack = request.ok ? await call("rollback", request.value, task) : request;
    if (rolledBack.ok || typeof reason !== "string") return rolledBack;
    return err(fault(rolledBack.fault.code, `${describeFault(rolledBack.fault)}; before that: ${reason}`));
  };

  /** The whole operation in one go, for workflows that say `builtin:config_update`. May be done again from its beginning. */
  const execute = async (task: BuiltinTask): Promise<BuiltinResult> => {
    const request = decodeRequest(WHOLE, task.command.payload);
    if (!request.ok) return failed(request.fault);
    const { type, tedgeUrl, remoteUrl } = request.value;
    const url = tedgeUrl || remoteUrl;
    if (url === "") return failed(fault("no-url", "No valid URL found in tedgeUrl or remoteUrl"));
    const file = downloadPath(tools.tmp, task.command);
    task.log(`Downloading ${url} to ${file}\n`);
    const downloaded = await transfer.download(url, file, task.signal);
    if (!downloaded.ok) {
      return failed(fault("download-failed", "config-manager failed downloading a file", { cause: downloaded.fault }));
    }
    const done = await call("set", { type, file, workDir: tools.tmp }, task);
    return done.ok ? { status: "successful", update: done.value } : failed(done.fault);
  };

  return {
    operation: OPERATION,
    ...configCapability(plugins),
    execute,
    steps: new Map([
      configStep("prepare", prepare),
      configStep("set", set),
      configStep("verify", verify),
      configStep("rollback", rollback),
    ]),
    cleanUp: (command) => removeLeftovers(OPERATION, command, tools.tmp, tools.log),
  };
}

function failed(why: Fault): BuiltinResult {
  return { status: "failed", reason: describeFault(why) };
}

/** What is kept there may hold secrets. */
async function makePrivate(directory: string): Promise<Result<undefined>> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot make the working directory ${directory}`, thrown));
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
