import type { Clock } from "../../src/base/clock.ts";

/** Time that passes only when a test says so; timers fire in order of time, and between two everything that can run does. */
export interface SimulatedClock extends Clock {
  /** Lets `milliseconds` pass. */
  advance(milliseconds: number): Promise<void>;
  /** Timers that are set. */
  readonly pending: number;
}

export function simulatedClock(): SimulatedClock {
  let now = 0;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly fire: () => void }>();
  const next = () => [...timers].sort(([left, a], [right, b]) => a.at - b.at || left - right)[0];
  return {
    now: () => now,
    monotonic: () => now,
    get pending() {
      return timers.size;
    },
    after(milliseconds, fire) {
      const id = order++;
      timers.set(id, { at: now + Math.max(0, milliseconds), fire });
      return () => timers.delete(id);
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      await settle();
      for (let timer = next(); timer !== undefined && timer[1].at <= end; timer = next()) {
        const [id, { at, fire }] = timer;
        now = Math.max(now, at);
        timers.delete(id);
        fire();
        await settle();
      }
      now = end;
    },
  };
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
