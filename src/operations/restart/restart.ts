import { join } from "node:path";
import { type Clock, sleep } from "../../base/clock.ts";
import { describeFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { osErrorText } from "../../base/os-error.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { Result } from "../../base/result.ts";
import type { Sudo } from "../../base/sudo.ts";
import { isStopping, withoutStop } from "../agent-stops.ts";
import type { BuiltinOperation, BuiltinResult, BuiltinTask } from "../builtin-operation.ts";
import type { Disk } from "../disk.ts";
import { logError } from "../log-text.ts";
import { logCall, logCallEnd } from "../plugins/plugin-log.ts";
import { type Exec, runProgram } from "../steps/run-program.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import { createRebootDetection } from "./reboot-detection.ts";
import { createRestartRecords, EXECUTING } from "./restart-record.ts";

export interface RestartOptions {
  /** `agent.state.path` as it was chosen. */
  readonly stateDirectory: string;
  /** `tmp.path` */
  readonly tmp: string;
  /** `/proc` */
  readonly proc: string;
  /** How `system.toml` has the machine restarted; read for each command. */
  readonly settings: () => Promise<Result<RebootSettings>>;
  readonly sudo: Sudo;
  readonly disk: Disk;
  readonly exec: Exec;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RebootSettings {
  /** Empty: only `sync` is run. */
  readonly command: readonly string[];
  /** Seconds for the command, and again for the agent to be stopped. */
  readonly timeout: number;
}

const DEFAULT_TIMEOUT = 120;
/** Milliseconds between SIGTERM and SIGKILL for a command that takes too long. */
const GRACE = 5_000;

type Triggered = { readonly kind: "triggered" } | { readonly kind: "failed"; readonly reason: string };

/** Restarts the machine, and tells at the next start of the agent whether that came about (spec/operations §7.5). */
export function restartOperation(options: RestartOptions): BuiltinOperation {
  const { tmp, sudo, disk, exec, clock, log } = options;
  const record = join(options.stateDirectory, "restart-current-operation");
  const records = createRestartRecords(record, disk);
  const witness = join(tmp, "tedge_agent_restart");
  const detection = createRebootDetection({ witness, proc: options.proc, disk, now: () => clock.now() });
  /** Ids of commands that this process is executing; those of sub-commands come again. */
  const executing = new Set<string>();

  const prepare = async ({ command }: BuiltinTask): Promise<string | undefined> => {
    const recorded = await records.write(command, await detection.bootId());
    if (!recorded.ok) return `Fail to update the restart state in ${record} due to: ${describeFault(recorded.fault)}`;
    const noted = await detection.note();
    return noted.ok ? undefined : `Fail to create a witness file in ${tmp} due to: ${describeFault(noted.fault)}`;
  };

  /** Both commands within the timeout. The agent's own end, which a restart brings, must not end them. */
  const trigger = async (settings: Result<RebootSettings>, timeout: number, task: BuiltinTask): Promise<Triggered> => {
    if (!settings.ok) return triggerFailed(settings.fault.message);
    const [program, ...args] = settings.value.command;
    if (program === undefined) log.warn("system.toml has no command that restarts the machine");
    const commands: CommandLine[] = program === undefined ? [["sync"]] : [["sync"], [program, ...args]];
    const deadline = clock.now() + timeout;
    for (const command of commands) {
      const words = await sudo.wrap(command);
      log.info(`Restarting: ${words.join(" ")}`);
      task.log(logCall(words));
      const limits = { timeout: Math.max(0, deadline - clock.now()), grace: GRACE, signal: withoutStop(task.signal) };
      const result = await runProgram(words, { ...limits, exec, clock });
      task.log(logCallEnd(result, false));
      if (!result.ok) return triggerFailed(`${result.fault.message}: ${osErrorText(result.fault)}`);
      if (result.value.kind === "killed" && result.value.timedOut) {
        return { kind: "failed", reason: `Restart command still running after ${timeout / 1_000} seconds` };
      }
      if (result.value.kind === "exited" && result.value.code !== 0) {
        return triggerFailed(`Command returned non 0 exit code: ${words.map(quoteText).join(" ")}`);
      }
    }
    return { kind: "triggered" };
  };

  const restart = async (task: BuiltinTask): Promise<BuiltinResult> => {
    const unprepared = await prepare(task);
    if (unprepared !== undefined) return failed(unprepared, task);
    const settings = await options.settings();
    const timeout = (settings.ok ? settings.value.timeout : DEFAULT_TIMEOUT) * 1_000;
    const triggered = await Promise.race([trigger(settings, timeout, task), stopOf(task.signal)]);
    if (triggered.kind === "failed") return failed(triggered.reason, task);
    await sleep(clock, timeout, task.signal);
    return failed("No shutdown has been triggered", task);
  };

  const judge = async (task: BuiltinTask): Promise<BuiltinResult> => {
    const found = await records.find(task.command);
    if (!found.ok) return failed(`Fail to detect a restart: ${describeFault(found.fault)}`, task);
    // The agent ended before it did anything.
    if (found.value === undefined) return restart(task);
    const { status, bootId } = found.value;
    if (status !== EXECUTING) return failed("The agent has been restarted but not the device", task);
    const rebooted = await detection.hasRebooted(bootId);
    if (!rebooted.ok) return failed(`Fail to detect a restart: ${describeFault(rebooted.fault)}`, task);
    return rebooted.value ? { status: "successful", update: {} } : failed("Device failed to restart", task);
  };

  const whileExecuting = async (task: BuiltinTask, act: (task: BuiltinTask) => Promise<BuiltinResult>) => {
    const { id } = task.command.address;
    executing.add(id);
    try {
      return await act(task);
    } finally {
      executing.delete(id);
      if (task.signal.aborted && !isStopping(task.signal)) await forget(task.command);
    }
  };

  /** Only once the end of the command is on disk: a command without a record would be executed again. */
  const forget = async (command: BuiltinTask["command"]) => {
    const found = await records.find(command);
    if (found.ok && found.value === undefined) return;
    await detection.forget();
    const cleared = await records.clear(command);
    if (!cleared.ok) log.warn(`The record of a restart stays in ${record}`, cleared.fault);
  };

  return {
    operation: "restart",
    capability: async () => ({}),
    execute: (task) => whileExecuting(task, restart),
    resume: (task) => whileExecuting(task, judge),
    async cleanUp(command) {
      if (command.address.operation === "restart" && !executing.has(command.address.id)) await forget(command);
    },
  };
}

function triggerFailed(why: string): Triggered {
  return { kind: "failed", reason: `Fail to trigger a restart: ${why}` };
}

function failed(reason: string, task: BuiltinTask): BuiltinResult {
  if (!task.signal.aborted) task.log(logError(reason));
  return { status: "failed", reason };
}

/** The agent is stopped, as a restart does: what else comes of the command does not matter any more. */
function stopOf(signal: AbortSignal): Promise<Triggered> {
  return new Promise((resolve) => {
    const look = () => {
      if (isStopping(signal)) resolve({ kind: "triggered" });
    };
    if (signal.aborted) look();
    else signal.addEventListener("abort", look, { once: true });
  });
}
