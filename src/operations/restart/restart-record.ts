import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { type JsonObject, parseJson, stringifySorted } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandState } from "../command.ts";
import type { Disk } from "../disk.ts";

/**
 * The file `restart-current-operation`: the restart that is under way, kept over the restart and empty when there is none. The reference reads it
 * too, but for `bootId` (spec/operations §5).
 */
export interface RestartRecord {
  readonly status: string;
  /** What the kernel called the boot in which the restart was asked for. */
  readonly bootId?: string;
}

export interface RestartRecords {
  write(command: CommandState, bootId: string | undefined): Promise<Result<undefined, Fault>>;
  /** What there is about this command. The fault says that there may be something. */
  find(command: CommandState): Promise<Result<RestartRecord | undefined, Fault>>;
  /** Empties the file if it is about this command. */
  clear(command: CommandState): Promise<Result<undefined, Fault>>;
}

const FILE = v.looseObject({
  target: v.string(),
  cmd_id: v.string(),
  payload: v.looseObject({ status: v.string() }),
  bootId: v.optional(v.string()),
});

/** Whatever the state is called in which a workflow waits. */
export const EXECUTING = "executing";

export function createRestartRecords(path: string, disk: Disk): RestartRecords {
  const find = async ({ address }: CommandState): Promise<Result<RestartRecord | undefined, Fault>> => {
    const file = await disk.read(path);
    if (!file.ok) return file.fault.code === "not-found" ? ok(undefined) : file;
    const text = new TextDecoder().decode(file.value);
    if (text.trim() === "") return ok(undefined);
    const json = parseJson(text);
    const parsed = v.safeParse(FILE, json.ok ? json.value : undefined);
    if (!parsed.success) return err(fault("invalid-record", `${path} is not the record of a restart`));
    const { target, cmd_id, payload, bootId } = parsed.output;
    if (target !== address.device || cmd_id !== address.id) return ok(undefined);
    return ok({ status: payload.status, ...(bootId === undefined ? {} : { bootId }) });
  };

  return {
    find,
    write({ address, payload }, bootId) {
      const record: JsonObject = {
        target: address.device,
        cmd_id: address.id,
        payload: { ...payload, status: EXECUTING },
      };
      return disk.replace(path, stringifySorted(bootId === undefined ? record : { ...record, bootId }));
    },
    async clear(command) {
      const found = await find(command);
      return found.ok && found.value !== undefined ? disk.replace(path, "") : ok();
    },
  };
}
