import { type Json, sameJson } from "../../base/json.ts";
import { type CommandPayload, INIT, isFinal } from "../../bus/payload/command.ts";
import { type CommandAddress, isSubCommand } from "../command.ts";

/** What to do with a state that was published on the topic of a command by somebody else (spec/operations §2). */
export type Admission =
  | { readonly kind: "accept" }
  /** The request that is under execution, once more. */
  | { readonly kind: "repeated" }
  /** Another request on the topic of a command that is not cleared yet. */
  | { readonly kind: "conflict" }
  /** Only the engine moves a command. */
  | { readonly kind: "ignore" }
  /** What an earlier run of this engine left behind. */
  | { readonly kind: "leftover" };

/** Decides on a received state; `known` is that of the board. */
export function admit(address: CommandAddress, received: CommandPayload, known: CommandPayload | undefined): Admission {
  if (known === undefined && isLeftover(address, received)) return { kind: "leftover" };
  if (received.status !== INIT) return { kind: "ignore" };
  if (known === undefined) return { kind: "accept" };
  return isSameRequest(received, known) ? { kind: "repeated" } : { kind: "conflict" };
}

/** Members that the engine adds. */
const MARKS = new Set(["@version", "logPath", "resumed_at"]);

/**
 * A state of ours that reached the broker after the command was cleared, or whose clearing a crash prevented. The final state of a root command
 * is left to its requester, who clears it anyway.
 */
function isLeftover(address: CommandAddress, received: CommandPayload): boolean {
  if (isSubCommand(address)) return received.status !== INIT || isMarked(received);
  return received.status !== INIT && !isFinal(received) && isMarked(received);
}

function isMarked(payload: CommandPayload): boolean {
  return payload["@version"] !== undefined;
}

/** A command that has moved on has kept what it was asked with, and more. */
function isSameRequest(received: CommandPayload, known: CommandPayload): boolean {
  const asked = requestMembers(received);
  const running = new Map(requestMembers(known));
  if (known.status === INIT && asked.length !== running.size) return false;
  return asked.every(([key, value]) => {
    const other = running.get(key);
    return other !== undefined && sameJson(value, other);
  });
}

function requestMembers(payload: CommandPayload): readonly (readonly [string, Json])[] {
  return Object.entries(payload).filter(([key]) => key !== "status" && !MARKS.has(key));
}
