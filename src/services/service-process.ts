import { describeFault, type Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { acquireLock, type LockFile } from "./lock-file.ts";
import { obeySignals } from "./signals.ts";
import { createSupervisor, type SupervisorSettings } from "./supervisor.ts";

export interface ServiceProcessOptions extends SupervisorSettings {
  /** `<run.path>/lock`; without it no lock files are taken. */
  readonly lockDirectory?: string;
  /** Called on SIGHUP. */
  readonly reloadLogLevels: () => void;
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** Runs units until the process is to end, and gives its exit code. Code `held` when one of them runs elsewhere already: then none is started. */
export async function runServiceProcess(options: ServiceProcessOptions): Promise<Result<number, Fault<"held">>> {
  const supervisor = createSupervisor(options);
  const ignoreSignals = obeySignals({ SIGHUP: options.reloadLogLevels, SIGUSR1: supervisor.restartMappers });
  const locks: LockFile[] = [];
  try {
    const locked = await takeLocks(options, locks);
    if (!locked.ok) return locked;
    return ok(await supervisor.run(options.signal));
  } finally {
    for (const lock of locks) await lock.release();
    ignoreSignals();
  }
}

/** All of them before anything starts (spec/bridges-and-mappers §13); a directory that takes no lock files is only warned about. */
async function takeLocks(options: ServiceProcessOptions, locks: LockFile[]): Promise<Result<undefined, Fault<"held">>> {
  if (options.lockDirectory === undefined) return ok();
  for (const { service } of options.members) {
    const lock = await acquireLock(options.lockDirectory, service.lockName);
    if (lock.ok) locks.push(lock.value);
    else if (lock.fault.code === "held") return err({ ...lock.fault, code: "held" });
    else options.log("supervisor").warn(`${describeFault(lock.fault)}; going on without it`);
  }
  return ok();
}
