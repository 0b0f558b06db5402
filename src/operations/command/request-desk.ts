import { exhaustive } from "../../base/exhaustive.ts";
import { type Fault, fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { osErrorText } from "../../base/os-error.ts";
import { err, type Result } from "../../base/result.ts";
import { type CommandPayload, FAILED, parseCommandPayload } from "../../bus/payload/command.ts";
import { type CommandAddress, isSubCommand } from "../command.ts";
import type { OperationLog } from "../operation-log.ts";
import type { Workflow } from "../workflow/definition.ts";
import type { WorkflowLibrary } from "../workflow/workflow-library.ts";
import { admit } from "./admission.ts";
import type { Board } from "./board.ts";
import type { CommandPublisher } from "./command-publisher.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Persistence } from "./persistence.ts";

/** Takes what arrives on the topics of commands. */
export interface RequestDesk {
  /** Resolves once what has to survive is on disk. `text` is undefined when the payload is not UTF-8. */
  receive(address: CommandAddress, text: string | undefined): Promise<void>;
}

export interface RequestDeskOptions {
  readonly board: Board;
  readonly persistence: Persistence;
  readonly library: WorkflowLibrary;
  readonly publisher: CommandPublisher;
  readonly dispatcher: Dispatcher;
  readonly operationLog: OperationLog;
  /** Reads the definitions again. */
  readonly refresh: () => Promise<void>;
  readonly log: Log;
}

/** A disk that does not take it must not hold up everything else that arrives for long. */
const CLEAR_ATTEMPTS = 3;

/** Commands on the board, ended ones included. */
const MOST_COMMANDS = 1_000;

export function createRequestDesk(options: RequestDeskOptions): RequestDesk {
  const { board, library, publisher, dispatcher, operationLog, log } = options;

  const clear = async ({ topic }: CommandAddress, sub: boolean) => {
    // The clear of an earlier sub-command with the same id may arrive late: something newer of ours is still on its way.
    if (board.get(topic) === undefined || (sub && publisher.isOut(topic))) return;
    log.info(`Command cleared: ${topic}`);
    dispatcher.clear(topic);
    if (await options.persistence.save(CLEAR_ATTEMPTS)) return;
    log.error(`The cleared command ${topic} may come back after a restart`);
  };

  const accept = async (address: CommandAddress, request: CommandPayload) => {
    const { operation, topic } = address;
    await options.refresh();
    const workflow = library.current(operation);
    if (workflow === undefined && library.isInUse(operation)) {
      return log.error(`A new command cannot be created for the deprecated ${operation} operation`);
    }
    if (workflow === undefined) return log.info(`Ignoring ${operation} operation which is not registered`);
    const marks = { "@version": workflow.version, logPath: operationLog.path(address) };
    const payload = { ...request, ...marks };
    const stored = await store(address, payload, workflow);
    if (stored.ok) return dispatcher.accept({ address, payload }, workflow);
    log.error(`Command refused: ${topic}`, stored.fault);
    publisher.state(topic, { ...payload, status: FAILED, reason: reasonOf(stored.fault) });
  };

  const store = async (
    address: CommandAddress,
    payload: CommandPayload,
    workflow: Workflow,
  ): Promise<Result<unknown>> => {
    if (board.size >= MOST_COMMANDS) return refused(`There are already ${MOST_COMMANDS} commands that are not cleared`);
    const kept = await library.keep(workflow);
    if (kept.ok) board.put(address.topic, payload);
    library.settle(workflow);
    const saved = kept.ok ? await board.save() : kept;
    if (saved.ok) return saved;
    board.remove(address.topic);
    return refused("The command cannot be stored", saved.fault);
  };

  return {
    async receive(address, text) {
      const { topic } = address;
      if (text !== undefined && publisher.isEcho(topic, text)) return;
      if (text === "") return clear(address, isSubCommand(address));
      const received = text === undefined ? err(fault("not-text", "Not UTF-8")) : parseCommandPayload(text);
      if (!received.ok) return log.error(`Invalid command payload: ${topic}`, received.fault);
      const admission = admit(address, received.value, board.get(topic)?.payload);
      switch (admission.kind) {
        case "accept":
          return accept(address, received.value);
        case "leftover":
          return publisher.clear(topic);
        case "conflict":
          return log.error(`Two concurrent requests are under execution on the same topic: ${topic}`);
        case "repeated":
          return log.debug(`Request repeated: ${topic}`);
        case "ignore":
          return log.debug(`State of a command ignored: ${topic}`);
        default:
          return exhaustive(admission);
      }
    },
  };
}

/** Whoever asked does not see the log, and has to know what the disk said. */
function reasonOf({ message, cause }: Fault): string {
  return cause === undefined ? message : `${message}: ${osErrorText(cause)}`;
}

function refused(message: string, cause?: Fault): Result<never> {
  return err(fault("refused", message, cause === undefined ? {} : { cause }));
}
