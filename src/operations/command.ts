import type { EntityId } from "../bus/entity-id.ts";
import type { CommandPayload } from "../bus/payload/command.ts";
import { invocationsOf } from "../bus/payload/command-id.ts";
import { serviceNameOf } from "./service-name.ts";

/** Where one command lives. */
export interface CommandAddress {
  readonly topic: string;
  readonly root: string;
  readonly device: EntityId;
  readonly operation: string;
  readonly id: string;
}

/** One command in one of its states. */
export interface CommandState {
  readonly address: CommandAddress;
  readonly payload: CommandPayload;
}

const SUB = "sub:";

/** The id of every command that this one starts (spec/operations §4.7). */
export function subCommandId(parent: CommandAddress): string {
  return `${SUB}${parent.operation}:${parent.id}`;
}

export function isSubCommand(address: CommandAddress): boolean {
  return address.id.startsWith(SUB);
}

/** What the names of a command's files begin with: ids are unique for one operation of one entity, and services share an agent's directories. */
export function fileStem(device: EntityId, operation: string): string {
  const service = serviceNameOf(device);
  return service === undefined ? operation : `${service}.${operation}`;
}

/** The operations from the root command down to this one, and the id of the root. */
export interface CommandChain {
  readonly operations: readonly [root: string, ...below: readonly string[]];
  readonly rootId: string;
}

/** Reads the chain out of the id: `c` with id `sub:b:sub:a:42` was started by `b`, which was started by command 42 of `a`. */
export function commandChain(address: CommandAddress): CommandChain {
  const invocations = invocationsOf(address.id);
  let operations: [string, ...string[]] = [address.operation];
  for (const { operation } of invocations) operations = [operation, ...operations];
  return { operations, rootId: invocations.at(-1)?.id ?? address.id };
}

/** The parts of the topic as expressions name them (spec/operations §4.1). */
export function addressJson(address: CommandAddress): {
  readonly root_prefix: string;
  readonly target: string;
  readonly operation: string;
  readonly cmd_id: string;
} {
  return {
    root_prefix: address.root,
    target: address.device,
    operation: address.operation,
    cmd_id: address.id,
  };
}

/** A name that can stand as one segment of a topic. */
export function isOperationName(text: string): boolean {
  return text !== "" && Buffer.byteLength(text) <= LONGEST_NAME && !/[/+#\0]/.test(text);
}

/** Bytes; leaves room in a file name for the SHA-256 and the ending of the copy in use. */
const LONGEST_NAME = 180;
