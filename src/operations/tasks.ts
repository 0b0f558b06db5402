import { toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";

/** Work that goes on in the background, each piece owned until its end. */
export interface Tasks {
  /** Starts work; whatever it throws is a bug and is logged. */
  run(work: () => Promise<void>): void;
  /** Resolves once nothing runs, including what was started meanwhile. */
  idle(): Promise<void>;
}

export function createTasks(log: Log): Tasks {
  const running = new Set<Promise<void>>();
  return {
    run(work) {
      const task = work()
        .catch((thrown: unknown) => log.error("A task ended unexpectedly", toFault(thrown)))
        .finally(() => running.delete(task));
      running.add(task);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
