import type { JsonObject } from "../base/json.ts";
import type { Result } from "../base/result.ts";
import type { CommandState } from "./command.ts";

/** An operation that tebus brings itself. One file each; the engine knows nothing else about it (spec/operations §4.10, §7). */
export interface BuiltinOperation {
  readonly operation: string;
  /**
   * What `<device>/cmd/<operation>` says, `{}` or `{"types":[…]}`; asked at start and for each reason below, of which bursts are merged. All
   * that are asked in one go get the same `round`, an object made for it.
   */
  capability(round: object): Promise<JsonObject>;
  /** Types of the agent's signals at which the capability is asked for and published again. */
  readonly refreshOn?: readonly string[];
  /** Operations after whose end, a good or a bad one, that is done too (spec/operations §12). */
  readonly refreshAfter?: readonly string[];
  /** Looks for changes, of files for instance, after which that is done too: from the start of the operations until the signal is aborted. */
  watch?(changed: () => void, signal: AbortSignal): void;
  /** Executes one command, from the state in which it is awaited; commands of one operation come one after the other. */
  execute(task: BuiltinTask): Promise<BuiltinResult>;
  /** Takes a command up again that was executing when the agent ended; without it, `execute` is called anew. */
  resume?(task: BuiltinTask): Promise<BuiltinResult>;
  /**
   * It may go on for a while when the agent stops (agent-stops.ts tells that from a clear), and what it comes to then counts. Without it, the
   * result of an aborted task is dropped, and `resume` or `execute` is called at the next start.
   */
  readonly finishesOnStop?: boolean;
  readonly steps?: BuiltinSteps;
  /** Removes what steps left for a command, of whatever operation, that has come to its end or was cleared. May be called again. */
  cleanUp?(command: CommandState): Promise<void>;
}

/** Steps for `action = "builtin:<operation>:<step>"` by name, usable from any workflow. The result is merged into the payload. */
export type BuiltinSteps = ReadonlyMap<string, BuiltinStep>;

export interface BuiltinTask {
  readonly command: CommandState;
  /** Aborted when the command is cleared, takes too long, or the agent stops. */
  readonly signal: AbortSignal;
  /** Adds lines to the operation log. */
  readonly log: (text: string) => void;
}

export type BuiltinResult =
  | { readonly status: "successful"; readonly update: JsonObject }
  | { readonly status: "failed"; readonly reason: string; readonly update?: JsonObject };

export type BuiltinStep = (task: BuiltinTask) => Promise<Result<JsonObject>>;
