import * as v from "valibot";
import { type Clock, sleep } from "../../base/clock.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Sudo } from "../../base/sudo.ts";
import { isStopping } from "../agent-stops.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import type { CommandState } from "../command.ts";
import { logError } from "../log-text.ts";
import { pluginEnd, pluginFailure } from "../plugins/plugin-end.ts";
import { logCall, logCallEnd } from "../plugins/plugin-log.ts";
import { serviceNameOf } from "../service-name.ts";
import { type Exec, runProgram } from "../steps/run-program.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import { checkServiceAction, INIT_MANAGED, isAgent, type ServiceAction } from "./service-names.ts";

export interface ServiceActionOptions {
  /** How `tedge` is called, its global options included. */
  readonly tedge: CommandLine;
  readonly sudo: Sudo;
  readonly exec: Exec;
  readonly clock: Clock;
  /** Ends this process so that its service manager starts it again. */
  readonly restartAgent: () => void;
}

/** What can be done to every service; other actions are defined by workflows of the type `service` (spec/operations §11.2). */
export const SERVICE_ACTIONS = ["start", "stop", "restart"] as const;

/** Milliseconds; the program has a limit of its own that is a little shorter. */
const TIMEOUT = 300_000;
const GRACE = 10_000;
/** Milliseconds that the agent has to be ended by its own wish. */
const RESTART_TIMEOUT = 120_000;

const TEXT = "must be a text";
const Request = v.looseObject({
  action: v.nullish(v.string(TEXT)),
  serviceName: v.nullish(v.string(TEXT)),
  serviceType: v.nullish(v.string(TEXT), INIT_MANAGED),
});

/** An action on a service of the agent's device, done by `tedge service` with the rights of root. */
export function serviceAction(action: string, options: ServiceActionOptions): BuiltinOperation {
  const { sudo, exec, clock } = options;

  const execute = async (task: BuiltinTask): Promise<BuiltinResult> => {
    const wanted = readServiceRequest(task.command);
    if (!wanted.ok) return failed(wanted.fault.message, task);
    return isAgent(wanted.value.service) && action === "restart" ? restartAgent(task) : act(wanted.value, task);
  };

  const act = async ({ service, type }: ServiceAction, task: BuiltinTask): Promise<BuiltinResult> => {
    const words = await sudo.wrap([...options.tedge, "service", action, service, "--service-type", type]);
    task.log(logCall(words));
    const { signal } = task;
    const result = await runProgram(words, { exec, clock, signal, timeout: TIMEOUT, grace: GRACE });
    task.log(logCallEnd(result, false));
    const failure = pluginFailure(pluginEnd(result, signal, TIMEOUT));
    return failure === undefined ? DONE : failed(failure.replace(/^Error: /, ""), task);
  };

  /** Done by nobody else: a service manager that ended the agent in the middle would be asked again after each start. */
  const restartAgent = async (task: BuiltinTask): Promise<BuiltinResult> => {
    task.log("Restarting the agent\n");
    options.restartAgent();
    await sleep(clock, RESTART_TIMEOUT, task.signal);
    return failed("The agent was not restarted", task);
  };

  return {
    operation: action,
    capability: async () => ({}),
    execute,
    async resume(task) {
      const wanted = readServiceRequest(task.command);
      const isRestarted = wanted.ok && action === "restart" && isAgent(wanted.value.service);
      return isRestarted ? DONE : execute(task);
    },
  };
}

const DONE: BuiltinResult = { status: "successful", update: {} };

/** The topic says which service is meant and what is to be done; the request must not say otherwise. Code `invalid-request` or of the names. */
export function readServiceRequest({ address, payload }: CommandState): Result<ServiceAction, Fault> {
  const parsed = v.safeParse(Request, payload);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return err(fault("invalid-request", `Invalid request: ${v.getDotPath(issue) ?? "it"} ${issue.message}`));
  }
  const service = serviceNameOf(address.device) ?? "";
  const { serviceName, serviceType } = parsed.output;
  for (const [key, said, meant] of [
    ["serviceName", serviceName ?? service, service],
    ["action", (parsed.output.action ?? address.operation).toLowerCase(), address.operation.toLowerCase()],
  ] as const) {
    if (said === meant) continue;
    const message = `Invalid request: ${key} is ${JSON.stringify(said)}, but the topic is about ${JSON.stringify(meant)}`;
    return err(fault("invalid-request", message));
  }
  const checked = checkServiceAction({ action: address.operation, service, type: serviceType ?? INIT_MANAGED });
  return checked.ok ? ok(checked.value) : checked;
}

function failed(reason: string, task: BuiltinTask): BuiltinResult {
  if (!isStopping(task.signal)) task.log(logError(reason));
  return { status: "failed", reason };
}
