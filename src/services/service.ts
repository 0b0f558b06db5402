import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import type { Unit } from "../base/unit.ts";

/** One member of a tebus process: how to build it anew from the configuration on disk. */
export interface Service {
  /** Unit name in logs and in `[log]` of system.toml, e.g. `tedge-agent`, `tedge-mapper-az@site2`. */
  readonly name: string;
  /** File below `<run.path>/lock`, without `.lock` (spec/cli-and-config §12.2). */
  readonly lockName: string;
  /** Reads the configuration each time, so that a rebuilt unit obeys what is on disk then (spec/bridges-and-mappers §13). */
  build(host: ServiceHost): Promise<Result<Unit>>;
}

/** What the process offers one of its members; each build gets a host of its own. */
export interface ServiceHost {
  readonly configDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** A log whose lines carry `target`, already tagged with the unit where several run in one process. */
  log(target: string): Log;
  /** The running unit cannot go on: it will be stopped and, in a process of several, built again after a back-off. */
  crashed(fault: Fault): void;
  /** The whole process has to start anew (self-update, changed configuration): all units are drained and it exits non-zero. */
  requestProcessRestart(reason: string): void;
}
