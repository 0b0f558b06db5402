import { isSubCommand, subCommandId } from "../command.ts";
import { subOperationOutcome } from "../steps/await-outcome.ts";
import type { AwaitCompletionAction } from "../workflow/definition.ts";
import type { Board } from "./board.ts";
import type { CommandPublisher } from "./command-publisher.ts";
import type { CommandRun } from "./command-run.ts";

/** Who waits for whom: connects parents with their sub-commands (spec/operations §4.7). */
export interface SubCommands {
  has(parent: CommandRun): boolean;
  /** Tells the parent how its latest sub-command ended, now or when it does. */
  watch(parent: CommandRun, action: AwaitCompletionAction, step: number): void;
  /** Takes the awaited sub-command off the board; its topic is cleared by `dismiss`, once the parent has moved on. */
  drop(parent: CommandRun): void;
  /** Ends sub-commands and clears their topics. */
  dismiss(parent: CommandRun, which: "awaited" | "all"): void;
  /** A command has come to its end: tells its parent, and lets go of sub-commands that nobody will ever wait for. */
  ended(run: CommandRun): void;
  /** A command was cleared. */
  forgotten(run: CommandRun): void;
}

export interface SubCommandsOptions {
  readonly board: Pick<Board, "topics" | "remove">;
  readonly runs: ReadonlyMap<string, CommandRun>;
  readonly publisher: Pick<CommandPublisher, "clear">;
}

interface Watch {
  readonly sub: string;
  readonly action: AwaitCompletionAction;
  readonly step: number;
}

export function createSubCommands({ board, runs, publisher }: SubCommandsOptions): SubCommands {
  const watches = new Map<CommandRun, Watch>();

  const subsOf = ({ address }: CommandRun): readonly string[] => {
    const [before, after] = [`${address.root}/${address.device}/cmd/`, `/${subCommandId(address)}`];
    const known = [...new Set([...board.topics(), ...runs.keys()])];
    return known.filter((topic) => topic.startsWith(before) && topic.endsWith(after));
  };

  const tell = (sub: CommandRun, gone: boolean) => {
    for (const [parent, { sub: topic, action, step }] of watches) {
      if (topic !== sub.address.topic) continue;
      const command = gone ? undefined : { address: sub.address, payload: sub.life.payload };
      parent.send({ kind: "moved", step, transition: subOperationOutcome(action, command) });
    }
  };

  const dismissOne = (topic: string) => {
    const run = runs.get(topic);
    if (run !== undefined) return run.send({ kind: "clear" });
    board.remove(topic);
    publisher.clear(topic);
  };

  return {
    has: (parent) => subsOf(parent).length > 0,
    watch(parent, action, step) {
      const topic = subsOf(parent).at(-1);
      const sub = topic === undefined ? undefined : runs.get(topic);
      if (topic === undefined || sub === undefined) {
        parent.send({ kind: "moved", step, transition: subOperationOutcome(action, undefined) });
        return;
      }
      watches.set(parent, { sub: topic, action, step });
      if (sub.life.phase.kind === "ended") tell(sub, false);
    },
    drop(parent) {
      const topic = watches.get(parent)?.sub;
      if (topic === undefined) return;
      // One that still runs must not publish any more what is no longer on the board.
      if (runs.get(topic)?.life.phase.kind !== "ended") dismissOne(topic);
      board.remove(topic);
    },
    dismiss(parent, which) {
      const awaited = watches.get(parent)?.sub;
      watches.delete(parent);
      const topics = which === "all" ? subsOf(parent) : awaited === undefined ? [] : [awaited];
      for (const topic of topics) dismissOne(topic);
    },
    ended(run) {
      tell(run, false);
      if (isSubCommand(run.address) && parentIsDone(run)) dismissOne(run.address.topic);
      for (const topic of subsOf(run)) if (runs.get(topic)?.life.phase.kind === "ended") dismissOne(topic);
    },
    forgotten(run) {
      watches.delete(run);
      tell(run, true);
    },
  };

  /** Nobody will ever wait for this sub-command. */
  function parentIsDone(sub: CommandRun): boolean {
    const { device, id } = sub.address;
    const parent = [...runs.values()].find(({ address }) => address.device === device && subCommandId(address) === id);
    return parent === undefined || parent.life.phase.kind === "ended";
  }
}
