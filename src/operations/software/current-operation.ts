import * as v from "valibot";
import { parseJson, stringifySorted } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import type { CommandAddress, CommandState } from "../command.ts";
import type { Disk } from "../disk.ts";

/**
 * The file `software-current-operation`: the one command that the software manager is working on, kept over restarts and empty when there is
 * none. The reference reads it too (spec/operations §5).
 */
export interface CurrentOperation {
  /** Whether the agent ended while it was working on this command. */
  wasInterrupted(address: CommandAddress): Promise<boolean>;
  begin(command: CommandState): Promise<void>;
  /** Empties the file if it is about this command. */
  end(address: CommandAddress): Promise<void>;
}

export interface CurrentOperationOptions {
  readonly path: string;
  readonly disk: Disk;
  readonly log: Log;
}

const KEYS: Readonly<Record<string, string>> = {
  software_list: "SoftwareListCommand",
  software_update: "SoftwareUpdateCommand",
};

const FILE = v.record(v.string(), v.looseObject({ target: v.string(), cmd_id: v.string() }));

export function createCurrentOperation({ path, disk, log }: CurrentOperationOptions): CurrentOperation {
  const read = async (): Promise<string> => {
    const file = await disk.read(path);
    const json = file.ok && file.value.length > 0 ? parseJson(new TextDecoder().decode(file.value)) : undefined;
    const parsed = json?.ok === true ? v.safeParse(FILE, json.value) : undefined;
    const [found] = parsed?.success === true ? Object.entries(parsed.output) : [];
    return found === undefined ? NOTHING : label(found[0], found[1].target, found[1].cmd_id);
  };
  /** What an earlier process left, read before this one writes. */
  let left: Promise<string> | undefined;
  const readOnce = () => {
    left ??= read();
    return left;
  };
  /** What this process wrote last. */
  let written: string | undefined;

  const write = async (content: string) => {
    const stored = await disk.replace(path, content);
    if (!stored.ok) log.warn("An interrupted software operation may not be noticed", stored.fault);
  };

  return {
    wasInterrupted: async (address) => (await readOnce()) === labelOf(address),
    async begin({ address, payload }) {
      await readOnce();
      written = labelOf(address);
      const key = KEYS[address.operation] ?? address.operation;
      await write(stringifySorted({ [key]: { target: address.device, cmd_id: address.id, payload } }));
    },
    async end(address) {
      if ((written ?? (await readOnce())) !== labelOf(address)) return;
      written = NOTHING;
      await write("");
    },
  };
}

const NOTHING = "";

function labelOf({ operation, device, id }: CommandAddress): string {
  return label(KEYS[operation] ?? operation, device, id);
}

function label(key: string, target: string, id: string): string {
  return JSON.stringify([key, target, id]);
}
