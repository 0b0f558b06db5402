import type { Clock } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { describeFault, type Fault, toFault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import type { Result } from "../../base/result.ts";
import { isStopping } from "../agent-stops.ts";
import type { BuiltinOperation, BuiltinStep, BuiltinTask } from "../builtin-operation.ts";
import type { StepAction } from "../command/command.machine.ts";
import type { SubCommand } from "../command/sub-command.ts";
import type { CommandState } from "../command.ts";
import { logError, logProcess } from "../log-text.ts";
import type {
  AwaitCompletionAction,
  BuiltinStepAction,
  IterateAction,
  ScriptAction,
  SubOperationAction,
  TransferAction,
  Workflow,
} from "../workflow/definition.ts";
import { drawExcerpt } from "../workflow/excerpt.ts";
import { fillCommandLine, fillTemplate } from "../workflow/template.ts";
import { failWith, follow, type Transition } from "../workflow/transition.ts";
import { builtinOutcome } from "./await-outcome.ts";
import { inputScriptOutcome } from "./input-script.ts";
import { iterate } from "./iterate.ts";
import { type Exec, runProgram } from "./run-program.ts";
import { scriptOutcome } from "./script-outcome.ts";
import { actionFailed, downloadRequest, type Transfer, uploadRequest } from "./transfer.ts";

/** One step of one command. */
export interface Step {
  readonly action: StepAction;
  readonly command: CommandState;
  readonly workflow: Workflow;
  /** The step may have been begun by an earlier process. */
  readonly resumed: boolean;
  readonly signal: AbortSignal;
  /** Adds text to the operation log. */
  readonly log: (text: string) => void;
}

export type StepEnd =
  | { readonly kind: "moved"; readonly transition: Transition; readonly sub?: SubCommand }
  /** Broken off by the signal; to be done again at the next start, if there is one for the command. */
  | { readonly kind: "interrupted" };

/** What steps act upon. */
export interface StepWorld {
  readonly exec: Exec;
  readonly transfer: Transfer;
  readonly builtins: ReadonlyMap<string, BuiltinOperation>;
  /** What `action = "builtin:<operation>:<step>"` means. */
  builtinStep(operation: string, step: string): BuiltinStep | undefined;
  /** Where downloads are put. */
  readonly tmp: string;
  readonly clock: Clock;
  /** Makes the first state of a sub-command; its workflow is safe on disk. */
  prepareSub(parent: CommandState, operation: string, input: JsonObject): Promise<Result<SubCommand>>;
}

/** Does what a state asks for and tells where it leads. Never rejects. */
export async function runStep(step: Step, world: StepWorld): Promise<StepEnd> {
  try {
    return await runAction(step.action, step, world);
  } catch (thrown) {
    return moved(failWith(`Internal error: ${describeFault(toFault(thrown))}`));
  }
}

function runAction(action: StepAction, step: Step, world: StepWorld): Promise<StepEnd> {
  switch (action.kind) {
    case "script":
      return runScript(action, step, world);
    case "sub-operation":
      return startSubOperation(action, step, world);
    case "await-operation-completion":
      return runBuiltinOperation(action, step, world);
    case "iterate":
      return Promise.resolve(runIterate(action, step));
    case "download":
    case "upload":
      return runTransfer(action, step, world);
    case "builtin-step":
      return runBuiltinStep(action, step, world);
    default:
      return exhaustive(action);
  }
}

async function runScript(action: ScriptAction, step: Step, { clock, exec }: StepWorld): Promise<StepEnd> {
  const words = fillCommandLine(action.command, step.command);
  const result = await runProgram(words, { timeout: action.timeout, signal: step.signal, clock, exec });
  step.log(logProcess(result));
  const isState = (status: string) => step.workflow.states.has(status);
  return moved(scriptOutcome(result, { program: words[0], exits: action.exits, isState }));
}

async function startSubOperation(action: SubOperationAction, step: Step, world: StepWorld): Promise<StepEnd> {
  const { command, signal } = step;
  let input: JsonObject = {};
  if (action.inputScript !== undefined) {
    const words = fillCommandLine(action.inputScript, command);
    const result = await runProgram(words, { signal, clock: world.clock, exec: world.exec });
    step.log(logProcess(result));
    if (signal.aborted) return { kind: "interrupted" };
    const given = inputScriptOutcome(words[0], result);
    if (!given.ok) return refused(given.fault, step);
    input = given.value;
  }
  const operation = fillTemplate(action.operation, command);
  const sub = await world.prepareSub(command, operation, { ...input, ...drawExcerpt(action.input, command) });
  if (!sub.ok) return refused(sub.fault, step);
  return { ...moved(follow(action.onExec)), sub: sub.value };
}

function refused(why: Fault, step: Step): StepEnd {
  step.log(logError(describeFault(why)));
  return moved(failWith(why.message));
}

function runIterate(action: IterateAction, step: Step): StepEnd {
  const { transition, problem } = iterate(action, step.command);
  if (problem !== undefined) step.log(logError(problem));
  return moved(transition);
}

async function runTransfer(action: TransferAction, step: Step, world: StepWorld): Promise<StepEnd> {
  const { command, signal } = step;
  const download = action.kind === "download";
  const request = download ? downloadRequest(action, command, world.tmp) : uploadRequest(action, command);
  if (!request.ok) return moved(actionFailed(action.kind, action.onError, request.fault.message));
  const { url, path } = request.value;
  step.log(download ? `Downloading ${url} to ${path}\n` : `Uploading ${path} to ${url}\n`);
  const done = await (download ? world.transfer.download(url, path, signal) : world.transfer.upload(path, url, signal));
  if (signal.aborted) return { kind: "interrupted" };
  if (done.ok) return moved(follow(action.onSuccess, download ? { downloadedPath: path } : {}));
  const error = `${download ? "Download" : "Upload"} failed: ${describeFault(done.fault)}`;
  step.log(logError(error));
  return moved(actionFailed(action.kind, action.onError, error));
}

async function runBuiltinStep(action: BuiltinStepAction, step: Step, world: StepWorld): Promise<StepEnd> {
  const { operation, step: name } = action;
  const label = `builtin:${operation}:${name}`;
  const input = drawExcerpt(action.input, step.command);
  const { address, payload } = step.command;
  const command = { address, payload: { ...payload, ...input, status: payload.status } };
  const handler = world.builtinStep(operation, name);
  if (handler === undefined) {
    const error = `No builtin operation step handler registered for ${address.operation} operation ${name} step`;
    return moved(actionFailed(label, action.onError, error));
  }
  const result = await handler(taskOf({ ...step, command }));
  if (step.signal.aborted) return { kind: "interrupted" };
  if (result.ok) return moved(follow(action.onSuccess, { ...input, ...result.value }));
  const { status, update } = actionFailed(label, action.onError, describeFault(result.fault));
  return moved({ status, update: { ...input, ...update } });
}

async function runBuiltinOperation(action: AwaitCompletionAction, step: Step, world: StepWorld): Promise<StepEnd> {
  const { operation } = step.command.address;
  const builtin = world.builtins.get(operation);
  if (builtin === undefined) {
    const reason = `No builtin operation handler registered for ${operation} operation`;
    return moved(builtinOutcome(action, { status: "failed", reason }));
  }
  const task = taskOf(step);
  const result = await (step.resumed && builtin.resume !== undefined ? builtin.resume(task) : builtin.execute(task));
  const isLate = step.signal.aborted && !(builtin.finishesOnStop === true && isStopping(step.signal));
  return isLate ? { kind: "interrupted" } : moved(builtinOutcome(action, result));
}

function taskOf({ command, signal, log }: Step): BuiltinTask {
  return { command, signal, log };
}

function moved(transition: Transition): StepEnd & { readonly kind: "moved" } {
  return { kind: "moved", transition };
}
