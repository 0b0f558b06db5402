import { describeFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { Disk } from "../disk.ts";
import { type CommandRecord, parseRecordLine } from "./command-record.ts";

/** Where ended commands are kept: a line each, added at the end; a full file becomes `<path>.1`, and the one before is gone. */
export interface HistoryFile {
  /** What is kept, oldest first. */
  load(): Promise<readonly CommandRecord[]>;
  /** Adds in the background, in order; what a disk does not take is told and dropped. */
  add(record: CommandRecord): void;
  /** Resolves once everything is written. */
  flushed(): Promise<void>;
}

/** Bytes. */
const LARGEST = 1024 * 1024;
/** Records that wait for a slow disk. */
const MOST_PENDING = 500;

export function createHistoryFile(path: string, disk: Disk, log: Log): HistoryFile {
  let size = 0;
  let pending = 0;
  let isFailing = false;
  let writing: Promise<void> = Promise.resolve();

  const read = async (name: string): Promise<string> => {
    const found = await disk.read(name);
    if (found.ok) return new TextDecoder().decode(found.value);
    if (found.fault.code !== "not-found")
      log.warn(`The history of operations is not read: ${describeFault(found.fault)}`);
    return "";
  };

  const write = async (line: string) => {
    if (size > 0 && size + line.length > LARGEST) {
      const whole = await disk.replace(`${path}.1`, await read(path));
      const removed = whole.ok ? await disk.remove(path) : whole;
      if (removed.ok) size = 0;
    }
    const added = await disk.append(path, line);
    if (added.ok) size += Buffer.byteLength(line);
    else if (!isFailing) log.warn(`The history of operations is not written: ${describeFault(added.fault)}`);
    isFailing = !added.ok;
  };

  return {
    async load() {
      const [older, newer] = [await read(`${path}.1`), await read(path)];
      size = Buffer.byteLength(newer);
      // A torn line must not run into the next one.
      if (newer !== "" && !newer.endsWith("\n")) writing = write("\n");
      await writing;
      return `${older}\n${newer}`.split("\n").flatMap((line) => parseRecordLine(line) ?? []);
    },
    add(record) {
      if (pending >= MOST_PENDING) return;
      pending += 1;
      writing = writing
        .then(() => write(`${JSON.stringify(record)}\n`))
        .finally(() => {
          pending -= 1;
        });
    },
    flushed: () => writing,
  };
}
