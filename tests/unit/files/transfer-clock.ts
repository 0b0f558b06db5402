import type { Clock } from "../../../src/base/clock.ts";
import type { TransferPolicy } from "../../../src/files/transfer/transfer-options.ts";

/** Back-off as specified, time-outs so long that they can be told from it. */
export const POLICY: TransferPolicy = {
  backoff: { initial: 15_000, maximum: 60_000, factor: 1.5, jitter: 0.1 },
  budget: 300_000,
  connectTimeout: 1_000_000,
  idleTimeout: 2_000_000,
};

export interface TransferClock extends Clock {
  /** The back-off delays that passed. */
  readonly delays: number[];
  /** How often a time-out was armed. */
  armed(): number;
  /** Lets the time pass that the armed time-outs wait for. */
  starve(): void;
}

/** Back-off passes at once, time-outs only on demand. */
export function transferClock(): TransferClock {
  let time = 0;
  const delays: number[] = [];
  const timeouts = new Set<() => void>();
  let armed = 0;
  return {
    delays,
    now: () => time,
    monotonic: () => time,
    after(milliseconds, fire) {
      if (milliseconds >= POLICY.connectTimeout) {
        armed += 1;
        timeouts.add(fire);
        return () => timeouts.delete(fire);
      }
      delays.push(milliseconds);
      time += milliseconds;
      queueMicrotask(fire);
      return () => undefined;
    },
    armed: () => armed,
    starve() {
      for (const fire of timeouts) fire();
    },
  };
}
