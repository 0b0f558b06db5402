import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { type CommandAddress, commandChain, fileStem } from "./command.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { loggedOperation, logHeader } from "./log-text.ts";

/** One log file for each root command; its sub-commands write into it too (spec/operations §6). A failure never fails a command. */
export interface OperationLog {
  /** Absolute path of the file that a command is logged in. */
  path(address: CommandAddress): string;
  /** Adds text to the file of a command; makes the file, with its head, if need be. Written in the background, in order. */
  write(address: CommandAddress, text: string): void;
  /** Resolves once everything is written. */
  flushed(): Promise<void>;
}

/** How many log files of an operation are kept; `undefined` for all (spec/operations §6). */
export type LogLimits = (operation: string) => number | undefined;

export interface OperationLogOptions {
  /** `<logs.path>/agent` */
  readonly directory: string;
  readonly limits: LogLimits;
  readonly disk: Disk;
  readonly now: () => number;
  readonly log: Log;
}

/** Text that waits for a slow disk; what is beyond is dropped and told. */
const MOST_PENDING = 4 * 1024 * 1024;
const HEAD_SIZE = 2_048;

export function createOperationLog({ directory, limits, disk, now, log }: OperationLogOptions): OperationLog {
  const pending = new Map<string, { readonly address: CommandAddress; text: string }>();
  const known = new Set<string>();
  let writing: Promise<void> | undefined;

  const path = (address: CommandAddress) => {
    const { operations, rootId } = commandChain(address);
    return join(directory, `workflow-${fileStem(address.device, operations[0])}-${rootId}.log`);
  };

  const drain = async () => {
    for (let next = takeOne(); next !== undefined; next = takeOne()) {
      const [file, { address, text }] = next;
      const head = await begin(file, address);
      const written = await disk.append(file, head + text);
      if (!written.ok) log.warn("The operation log is not complete", written.fault);
    }
    writing = undefined;
  };

  const takeOne = () => {
    const [first] = pending;
    if (first !== undefined) pending.delete(first[0]);
    return first;
  };

  /** The head of a file that does not exist yet, after room was made for it. */
  const begin = async (file: string, address: CommandAddress): Promise<string> => {
    if (known.has(file)) return "";
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(file);
    const existing = await disk.read(file, 1);
    if (existing.ok) return "";
    await prune(address);
    return address.id.startsWith("sub:") ? "" : logHeader(address, now());
  };

  const prune = async (address: CommandAddress) => {
    const [operation] = commandChain(address).operations;
    const limit = limits(operation);
    if (limit === undefined) return;
    const files = await disk.list(directory, (name) => isLogName(fileStem(address.device, operation), name));
    if (!files.ok) return;
    const own: DiskFile[] = [];
    for (const file of files.value) if (await isLogOf(operation, file.name)) own.push(file);
    own.sort((left, right) => right.created - left.created || (left.name < right.name ? 1 : -1));
    for (const { name } of own.slice(Math.max(0, limit - 1))) {
      const removed = await disk.remove(join(directory, name));
      if (!removed.ok) log.warn("An old operation log stays", removed.fault);
    }
  };

  /** `workflow-my-restart-1.log` may belong to `my` or `my-restart`: the head of the file decides. */
  const isLogOf = async (operation: string, name: string): Promise<boolean> => {
    const head = await disk.read(join(directory, name), HEAD_SIZE);
    return head.ok && loggedOperation(new TextDecoder().decode(head.value)) === operation;
  };

  return {
    path,
    write(address, text) {
      const file = path(address);
      const waiting = pending.get(file);
      if (waiting === undefined) pending.set(file, { address, text });
      else if (waiting.text.length < MOST_PENDING) waiting.text += text;
      else if (!waiting.text.endsWith(DROPPED)) waiting.text += DROPPED;
      writing ??= drain();
    },
    async flushed() {
      await writing;
    },
  };
}

function isLogName(stem: string, name: string): boolean {
  return name.startsWith(`workflow-${stem}-`) && name.endsWith(".log");
}

const MOST_KNOWN = 10_000;
const DROPPED = "\n... text is missing here, the disk was too slow ...\n";
