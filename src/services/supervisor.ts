import type { Clock } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { describeFault, type Fault, fault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { drive } from "../base/machine.ts";
import type { Unit } from "../base/unit.ts";
import type { Service, ServiceHost } from "./service.ts";
import {
  RESTART_WINDOW,
  RESTARTS,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorNotice,
  supervisorMachine,
} from "./supervisor.machine.ts";

export interface Member {
  readonly service: Service;
  /** Restarted by SIGUSR1. */
  readonly mapper: boolean;
}

export interface SupervisorSettings {
  /** In the order of starting. */
  readonly members: readonly Member[];
  /** The only unit of its process: when it crashes the process ends. */
  readonly standalone: boolean;
  readonly configDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  /** `unit` tags the lines where several units run in one process. */
  readonly log: (target: string, unit?: string) => Log;
}

export interface Supervisor {
  /** Starts the units, keeps them running, and resolves with the exit code of the process once all have let go. Aborting `signal` drains them. */
  run(signal: AbortSignal): Promise<number>;
  restartMappers(): void;
}

/** A unit that has not let go after so many milliseconds is left behind. */
const RELEASE_LIMIT = 60_000;

/** Runs several units in one process so that one that crashes is built anew and the others don't notice (spec/bridges-and-mappers §13). */
export function createSupervisor(settings: SupervisorSettings): Supervisor {
  const { members, clock } = settings;
  const instances: (Instance | undefined)[] = members.map(() => undefined);
  const waits: (() => void)[] = members.map(() => () => undefined);
  let cancelLimit: () => void = () => undefined;
  let finish: (code: number) => void = () => undefined;

  const machine = supervisorMachine({ units: members, standalone: settings.standalone });
  const driver = drive(machine, perform);
  const send = (input: SupervisorInput) => driver.send(input);

  function perform(effect: SupervisorEffect): void {
    switch (effect.kind) {
      case "build":
        instances[effect.unit] = launch(effect.unit, effect.generation);
        return;
      case "release":
        void release(effect.unit, instances[effect.unit]);
        return;
      case "wait":
        waits[effect.unit] = clock.after(effect.delay, () =>
          send({ kind: "waited", unit: effect.unit, at: clock.monotonic() }),
        );
        return;
      case "cancel-wait":
        waits[effect.unit]?.();
        return;
      case "limit-drain":
        cancelLimit = clock.after(effect.limit, () => send({ kind: "drained-too-long" }));
        return;
      case "tell":
        tell(effect.notice);
        return;
      case "exit":
        cancelLimit();
        finish(effect.code);
        return;
      default:
        return exhaustive(effect);
    }
  }

  function launch(index: number, generation: number): Instance | undefined {
    const member = members[index];
    if (member === undefined) return undefined;
    const host: ServiceHost = {
      configDirectory: settings.configDirectory,
      environment: settings.environment,
      clock,
      random: settings.random,
      log: (target) => logOf(index, target),
      crashed: (why) => send({ kind: "crashed", unit: index, generation, fault: why, at: clock.monotonic() }),
      requestProcessRestart(reason) {
        logOf(index).warn(`asks for a restart of the process: ${reason}`);
        send({ kind: "drain", exit: 1 });
      },
    };
    return startInstance(member.service, host, () => send({ kind: "up", unit: index, generation }));
  }

  async function release(index: number, instance: Instance | undefined): Promise<void> {
    const inTime = await within(clock, RELEASE_LIMIT, instance?.release() ?? Promise.resolve());
    if (!inTime.ok) logOf(index).error("did not stop cleanly", inTime.fault);
    send({ kind: "released", unit: index });
  }

  function tell(notice: SupervisorNotice): void {
    switch (notice.kind) {
      case "up":
        return logOf(notice.unit).info("up");
      case "crashed": {
        const next = notice.retryIn === undefined ? "" : `restarting in ${notice.retryIn / 1_000}s: `;
        return logOf(notice.unit).error(`crashed; ${next}${describeFault(notice.fault)}`);
      }
      case "gave-up": {
        const often = `crashed ${RESTARTS} times within ${RESTART_WINDOW / 1_000}s`;
        return logOf(notice.unit).error(`${often}; giving up (${describeFault(notice.fault)})`);
      }
      case "restarting":
        return logOf(notice.unit).info("restarting on request");
      case "restart-ignored":
        return settings.log(TARGET).info("SIGUSR1 restarts the mappers of `tedge run all` only; ignoring");
      case "all-gave-up":
        return settings.log(TARGET).error("every unit was given up; ending");
      case "drain-cut-short":
        return settings.log(TARGET).error("units did not stop in time; ending all the same");
      default:
        return exhaustive(notice);
    }
  }

  function logOf(index: number, target = TARGET): Log {
    return settings.log(target, members.length > 1 ? members[index]?.service.name : undefined);
  }

  return {
    restartMappers: () => send({ kind: "restart-mappers" }),
    run(signal) {
      return new Promise((resolve) => {
        const drain = () => send({ kind: "drain", exit: 0 });
        finish = (code) => {
          signal.removeEventListener("abort", drain);
          resolve(code);
        };
        signal.addEventListener("abort", drain);
        if (signal.aborted) return drain();
        send({ kind: "start" });
      });
    },
  };
}

const TARGET = "supervisor";

/** One life of a unit, from the build to the last thing released. */
interface Instance {
  /** Resolves once nothing is held any more, however far the start came. */
  release(): Promise<void>;
}

function startInstance(service: Service, host: ServiceHost, up: () => void): Instance {
  const abort = new AbortController();
  let unit: Unit | undefined;
  const starting = start();

  async function start(): Promise<void> {
    try {
      const built = await service.build(host);
      if (!built.ok) return host.crashed(fault("build-failed", "failed to build", { cause: built.fault }));
      if (abort.signal.aborted) return;
      unit = built.value;
      await unit.start(abort.signal);
      up();
    } catch (thrown) {
      if (!abort.signal.aborted) host.crashed(toFault(thrown));
    }
  }

  return {
    async release() {
      abort.abort();
      await starting;
      await unit?.stop();
    },
  };
}

type Ended = { readonly ok: true } | { readonly ok: false; readonly fault: Fault };

function within(clock: Clock, limit: number, work: Promise<void>): Promise<Ended> {
  return new Promise((resolve) => {
    const message = `It did not end within ${limit / 1_000}s`;
    const cancel = clock.after(limit, () => resolve({ ok: false, fault: fault("timeout", message) }));
    work
      .then(
        () => resolve({ ok: true }),
        (thrown: unknown) => resolve({ ok: false, fault: toFault(thrown) }),
      )
      .finally(cancel);
  });
}
