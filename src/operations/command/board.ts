import { describeFault, type Fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { ok, type Result } from "../../base/result.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import type { Disk } from "../disk.ts";
import { type BoardEntry, formatBoard, parseBoard } from "./board-file.ts";

/** The commands of this device that are not cleared yet, in memory and in the file `workflows` (spec/operations §5). */
export interface Board {
  /** Reads the file. One that cannot be understood is put aside, so that the agent can work. */
  load(): Promise<Result<undefined>>;
  get(topic: string): BoardEntry | undefined;
  put(topic: string, payload: CommandPayload): void;
  /** Keeps the time of the old state: a command that is taken up again did not move. */
  amend(topic: string, payload: CommandPayload): void;
  remove(topic: string): void;
  /** Topics in order of arrival. */
  topics(): readonly string[];
  readonly size: number;
  /** Resolves once a write that holds everything done so far has ended. Calls that wait at the same time share one write. */
  save(): Promise<Result<undefined>>;
}

export interface BoardOptions {
  readonly path: string;
  readonly disk: Disk;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export function createBoard({ path, disk, now, log }: BoardOptions): Board {
  let entries = new Map<string, BoardEntry>();
  let current: Promise<Result<undefined>> | undefined;
  let next: Promise<Result<undefined>> | undefined;

  const write = () => {
    const mine = disk.replace(path, formatBoard(entries)).then((result) => {
      current = undefined;
      return result;
    });
    current = mine;
    return mine;
  };

  return {
    async load() {
      const file = await disk.read(path);
      if (!file.ok) return file.fault.code === "not-found" ? ok() : file;
      const board = parseBoard(new TextDecoder().decode(file.value));
      if (!board.ok) return putAside(file.value, board.fault);
      entries = new Map(board.value);
      return ok();
    },
    get: (topic) => entries.get(topic),
    put: (topic, payload) => void entries.set(topic, { payload, since: Math.floor(now() / 1_000) }),
    amend: (topic, payload) => void entries.set(topic, { payload, since: entries.get(topic)?.since ?? 0 }),
    remove: (topic) => void entries.delete(topic),
    topics: () => [...entries.keys()],
    get size() {
      return entries.size;
    },
    save() {
      if (next !== undefined) return next;
      if (current === undefined) return write();
      next = current.then(() => {
        next = undefined;
        return write();
      });
      return next;
    },
  };

  async function putAside(content: Uint8Array, why: Fault): Promise<Result<undefined>> {
    const aside = `${path}.broken`;
    log.error(`The board of commands cannot be read and is kept as ${aside}: ${describeFault(why)}`);
    return disk.replace(aside, content);
  }
}
