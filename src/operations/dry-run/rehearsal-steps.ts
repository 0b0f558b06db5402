import type { Clock } from "../../base/clock.ts";
import type { Exit } from "../../base/exec.ts";
import { ok } from "../../base/result.ts";
import type { BuiltinResult } from "../builtin-operation.ts";
import { prepareSubCommand } from "../command/prepare-sub-command.ts";
import type { CommandAddress } from "../command.ts";
import type { Exec } from "../steps/run-program.ts";
import type { ScriptResult } from "../steps/script-result.ts";
import type { Step, StepWorld } from "../steps/step.ts";
import type { Transfer } from "../steps/transfer.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import type { Workflow } from "../workflow/definition.ts";
import type { OutcomeDesk } from "./outcomes.ts";
import type { RehearsalEvent } from "./rehearsal-event.ts";

export interface RehearsedStep {
  /** Really runs scripts. */
  readonly exec?: Exec;
  readonly clock: Clock;
  readonly tell: (event: RehearsalEvent) => void;
  readonly desk: OutcomeDesk;
  readonly about: { readonly chain: string; readonly state: string };
  readonly known: (operation: string) => Workflow;
  readonly address: (operation: string, id: string) => CommandAddress;
}

/** The world of one step: it tells what it was asked for, and answers what is wanted. */
export function rehearsalSteps(step: Step, options: RehearsedStep): StepWorld {
  const { desk, about, clock, known, address } = options;
  const note = (text: string): void => options.tell({ kind: "note", ...about, text });
  const operation = step.command.address.operation;
  const other = async () => desk.other(step.command);
  const transfer: Transfer = {
    download(url, path) {
      note(`download ${url} to ${path}`);
      return other();
    },
    upload(path, url) {
      note(`upload ${path} to ${url}`);
      return other();
    },
  };
  const execute = async (): Promise<BuiltinResult> => {
    note(`the built-in operation ${operation} is executed`);
    const outcome = await other();
    return outcome.ok ? { status: "successful", update: {} } : { status: "failed", reason: outcome.fault.message };
  };
  const library = { current: known, keep: async () => ok(), settle: () => undefined };
  return {
    exec: rehearsedExec(step, options),
    transfer,
    builtins: new Map([[operation, { operation, capability: async () => ({}), execute }]]),
    builtinStep: (owner, name) => async () => {
      note(`the built-in step ${owner}:${name} is executed`);
      const outcome = await other();
      return outcome.ok ? ok({}) : outcome;
    },
    tmp: "/tmp",
    clock,
    prepareSub: (parent, sub, input) =>
      prepareSubCommand(parent, sub, input, {
        library,
        operationLog: { path: () => "" },
        refresh: async () => undefined,
        address,
      }),
  };
}

function rehearsedExec(step: Step, { desk, about, exec, tell }: RehearsedStep): Exec {
  return async (program, args, execOptions) => {
    const command: CommandLine = [program, ...args];
    const result =
      exec === undefined ? desk.program(step.action, step.command) : await exec(program, args, execOptions);
    const event: RehearsalEvent = { kind: "program", ...about, command, exit: exitText(result) };
    tell(event);
    return result;
  };
}

function exitText(result: ScriptResult): string {
  if (!result.ok) return `not launched: ${result.fault.message}`;
  const exit: Exit = result.value;
  return exit.kind === "killed" ? `killed by signal ${exit.signal}` : `exit ${exit.code}`;
}
