import type { Exit } from "../base/exec.ts";
import { type Fault, faultChain } from "../base/fault.ts";
import type { Result } from "../base/result.ts";
import { formatCommandPayload } from "../bus/payload/command.ts";
import { type CommandAddress, type CommandState, commandChain } from "./command.ts";
import { describeAction } from "./workflow/action-description.ts";
import type { Action } from "./workflow/definition.ts";

const RULE = "==================================================================";

/** The head of a log file (spec/operations §6). `time` in milliseconds since the epoch. */
export function logHeader({ operation, topic, id }: CommandAddress, time: number): string {
  return [
    "",
    RULE,
    `Triggered ${operation} workflow`,
    RULE,
    "",
    `topic:     ${topic}`,
    `operation: ${operation}`,
    `cmd_id:    ${id}`,
    `time:      ${timestamp(time)}`,
    "",
    RULE,
    "",
  ].join("\n");
}

/** The operation that a log file is about, read from its head. */
export function loggedOperation(beginning: string): string | undefined {
  return /^operation: (.*)$/m.exec(beginning)?.[1];
}

/** What is about to be done in a state. */
export function logStep({ address, payload }: CommandState, action: Action, time: number): string {
  const line = `----------------------[ ${chain(address)} @ ${payload.status} | time=${timestamp(time)} ]----------------------`;
  return [
    "",
    line,
    "",
    `State:    ${formatCommandPayload(payload)}`,
    "",
    `Action:   ${describeAction(action)}`,
    "",
    "",
  ].join("\n");
}

export function logMove({ address, payload }: CommandState): string {
  return `=> moving to ${chain(address)} @ ${payload.status}\n`;
}

/** How a process ended and what it said. */
export function logProcess(result: Result<Exit, Fault>): string {
  if (!result.ok) return `error: ${faultChain(result.fault).at(-1)}\n`;
  const exit = result.value;
  const status =
    exit.kind === "killed"
      ? `Killed by signal: ${exit.signal}`
      : `Exit status: ${exit.code} (${exit.code === 0 ? "OK" : "ERROR"})`;
  return [status, "", stream("stderr", exit.stderr), "", stream("stdout", exit.stdout), ""].join("\n");
}

export function logError(text: string): string {
  return `ERROR: ${text}\n`;
}

function stream(name: string, bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return `${name} (EMPTY)`;
  const text = new TextDecoder().decode(bytes);
  return `${name} <<EOF\n${text.endsWith("\n") ? text : `${text}\n`}EOF`;
}

function chain(address: CommandAddress): string {
  return commandChain(address).operations.join(" > ");
}

/** RFC 3339 in UTC with nine digits behind the second. */
function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000000Z");
}
