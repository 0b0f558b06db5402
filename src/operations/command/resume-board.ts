import type { Log } from "../../base/log.ts";
import { INIT } from "../../bus/payload/command.ts";
import type { CommandAddress, CommandState } from "../command.ts";
import { BUILTIN_VERSION, type Workflow } from "../workflow/definition.ts";
import { refusingStates } from "../workflow/workflow-file.ts";
import type { WorkflowLibrary } from "../workflow/workflow-library.ts";
import type { Board } from "./board.ts";
import type { Persistence } from "./persistence.ts";
import { resumeCommand } from "./resume.ts";

export interface ResumedCommand {
  readonly command: CommandState;
  readonly workflow: Workflow;
}

export interface ResumeBoardOptions {
  readonly board: Board;
  readonly persistence: Persistence;
  readonly library: WorkflowLibrary;
  readonly address: (topic: string) => CommandAddress | undefined;
  readonly log: Log;
}

const START_ATTEMPTS = 6;

/**
 * Brings every command of the board into the state in which it goes on, on the board and on disk, before any of them acts (spec/operations §5).
 * Those that were under way come first, then requests in their order of arrival.
 */
export async function resumeBoard({
  board,
  persistence,
  library,
  address,
  log,
}: ResumeBoardOptions): Promise<ResumedCommand[]> {
  const resumed: ResumedCommand[] = [];
  let changed = false;
  for (const topic of board.topics()) {
    const entry = board.get(topic);
    const found = address(topic);
    if (entry === undefined) continue;
    if (found === undefined) {
      log.warn(`The board holds a command of somebody else, which is dropped: ${topic}`);
      board.remove(topic);
      changed = true;
      continue;
    }
    const payload = resumeCommand({ address: found, ...entry }, library);
    const workflow = library.find(found.operation, String(payload["@version"])) ?? (await adopt(found, library));
    if (payload !== entry.payload) {
      board.amend(topic, payload);
      changed = true;
    }
    resumed.push({ command: { address: found, payload }, workflow });
  }
  // What could not be stored comes out the same at the next start, so a disk that stays full does not keep commands from going on.
  if (changed) await persistence.save(START_ATTEMPTS);
  const isNew = ({ command }: ResumedCommand) => command.payload.status === INIT;
  return [...resumed.filter((one) => !isNew(one)), ...resumed.filter(isNew)];
}

/** A command of an agent that did not know versions gets the current one; a command that cannot go on only needs its end. */
async function adopt({ operation }: CommandAddress, library: WorkflowLibrary): Promise<Workflow> {
  const current = library.current(operation);
  if (current === undefined) {
    return { operation, version: BUILTIN_VERSION, states: refusingStates(`Unknown operation: ${operation}`) };
  }
  await library.keep(current);
  library.settle(current);
  return current;
}
