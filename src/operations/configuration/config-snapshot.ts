import { rm } from "node:fs/promises";
import * as v from "valibot";
import { describeFault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { defaultScheme, type EntityId } from "../../bus/entity-id.ts";
import { commandFileName, type FileServer, fileUrl } from "../../files/file-url.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import type { CommandAddress } from "../command.ts";
import { removeLeftovers, temporaryPath } from "./config-leftovers.ts";
import { type ConfigWorld, configCapability, configStep } from "./config-operation.ts";
import { fetchConfig } from "./config-plugin-call.ts";
import { decodeRequest, TYPED } from "./config-request.ts";
import { parseConfigType } from "./config-type.ts";

const REQUEST = v.looseObject({ ...TYPED.entries, tedgeUrl: v.optional(v.string()) });

const OPERATION = "config_snapshot";

/** `config_snapshot`: what a plugin gives is put into a file and sent to whoever asked (spec/operations §7.6). */
export function createConfigSnapshot(world: ConfigWorld): BuiltinOperation {
  const { plugins, tools, transfer } = world;

  const get = async (task: BuiltinTask): Promise<Result<{ readonly path: string; readonly tedgeUrl: string }>> => {
    const { address, payload } = task.command;
    const request = decodeRequest(REQUEST, payload);
    if (!request.ok) return request;
    const { type, tedgeUrl } = request.value;
    const { name, plugin: pluginName } = parseConfigType(type);
    const plugin = await plugins.find(pluginName);
    if (plugin === undefined) {
      return err(fault("no-plugin", `Config plugin '${pluginName}' error: Plugin not found`));
    }
    const path = temporaryPath(OPERATION, tools.tmp, { type, id: address.id, time: tools.clock.now() });
    const fetched = await fetchConfig(plugin, { name, target: path }, task, tools);
    return fetched.ok ? ok({ path, tedgeUrl: tedgeUrl || snapshotUrl(world.fileServer, address, type) }) : fetched;
  };

  /** The whole operation in one go, for workflows that say `builtin:config_snapshot`. May be done again from its beginning. */
  const execute = async (task: BuiltinTask): Promise<BuiltinResult> => {
    const got = await get(task);
    if (!got.ok) return { status: "failed", reason: describeFault(got.fault) };
    const { path, tedgeUrl } = got.value;
    task.log(`Uploading ${path} to ${tedgeUrl}\n`);
    const sent = await transfer.upload(path, tedgeUrl, task.signal);
    await rm(path, { force: true }).catch(() => undefined);
    if (sent.ok) return { status: "successful", update: { tedgeUrl } };
    const reason = `config-manager failed uploading configuration snapshot: ${describeFault(sent.fault)}`;
    return { status: "failed", reason, update: { tedgeUrl } };
  };

  return {
    operation: OPERATION,
    ...configCapability(plugins),
    execute,
    steps: new Map([configStep("get", get)]),
    cleanUp: (command) => removeLeftovers(OPERATION, command, tools.tmp, tools.log),
  };
}

/** Where the file transfer service takes a snapshot that was asked for without an address. */
function snapshotUrl(server: FileServer, { device, operation, id }: CommandAddress, type: string): string {
  return fileUrl(server, `${deviceName(device)}/${operation}/${commandFileName(type, id)}`);
}

/** The name in a default topic id; of another one all its segments. */
function deviceName(device: EntityId): string {
  const scheme = defaultScheme(device);
  return scheme?.kind === "device"
    ? scheme.device
    : device
        .split("/")
        .filter((segment) => segment !== "")
        .join(":");
}
