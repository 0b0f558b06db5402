import type { Fault } from "../../base/fault.ts";
import { fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** Gives a slot back; may be called twice. */
export type ReleaseSlot = () => void;

/** How many transfers are under way at a time. Whoever waits is served in the order of coming. */
export interface TransferSlots {
  /** Resolves once there is a slot. Code `aborted` when the signal ends the wait, `unavailable` when too many are waiting already. */
  take(signal: AbortSignal): Promise<Result<ReleaseSlot, Fault<"aborted" | "unavailable">>>;
}

export function createTransferSlots(count: number, mostWaiting: number): TransferSlots {
  let free = count;
  const waiting = new Set<() => void>();
  const release = () => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async take(signal) {
      if (signal.aborted) return err(fault("aborted", "Stopped before it was done"));
      if (free > 0) {
        free -= 1;
        return ok(once(release));
      }
      if (waiting.size >= mostWaiting) return err(fault("unavailable", `${mostWaiting} transfers are waiting already`));
      return await new Promise((resolve) => {
        const leave = () => {
          waiting.delete(serve);
          signal.removeEventListener("abort", giveUp);
        };
        const serve = () => {
          leave();
          resolve(ok(once(release)));
        };
        const giveUp = () => {
          leave();
          resolve(err(fault("aborted", "Stopped before it was done")));
        };
        waiting.add(serve);
        signal.addEventListener("abort", giveUp);
      });
    },
  };
}

/** Those of this process: enough that a slow server does not hold up all others, few enough for a small device. */
export const PROCESS_SLOTS: TransferSlots = createTransferSlots(8, 1_000);

function once(release: () => void): ReleaseSlot {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    release();
  };
}
