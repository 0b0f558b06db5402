import { type EntityId, MAIN_DEVICE } from "../../bus/entity-id.ts";
import { type CommandPayload, INIT } from "../../bus/payload/command.ts";
import { commandSources } from "./command-sources.ts";
import type { FetchMode } from "./needs-local-copy.ts";

/**
 * The status of a request that the agent of the main device turns into `init` once the files are there. Whoever executes commands takes `init`
 * only, so this needs nothing of a device.
 */
export const PREPARE = "prepare";

export interface FileRequest {
  readonly device: EntityId;
  readonly operation: string;
  readonly id: string;
  readonly payload: CommandPayload;
}

/**
 * What a requester (a mapper, a command line) publishes for a command that is to begin: with the status `prepare` if it is for another device
 * than the main one and names files, with `init` otherwise. `mode` is `agent.child_files.fetch`.
 */
export function askForFiles({ device, operation, id, payload }: FileRequest, mode: FetchMode): CommandPayload {
  const isPrepared = mode !== "never" && device !== MAIN_DEVICE && commandSources(operation, id, payload).length > 0;
  return { ...payload, status: isPrepared ? PREPARE : INIT };
}
