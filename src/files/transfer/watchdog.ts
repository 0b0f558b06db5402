import type { Clock } from "../../base/clock.ts";
import { FaultError, fault } from "../../base/fault.ts";

/** Ends something that does not move any more. */
export interface Watchdog {
  /** Aborted when nothing was fed in time, or when the outer signal is. */
  readonly signal: AbortSignal;
  /** Something moved: `milliseconds` until the next time. */
  feed(milliseconds: number): void;
  stop(): void;
}

/** Watches from now on; the first `feed` is due within `milliseconds`. */
export function watch(clock: Clock, milliseconds: number, outer: AbortSignal): Watchdog {
  const starved = new AbortController();
  const starve = (limit: number) => () => {
    starved.abort(new FaultError(fault("timeout", `Nothing moved for ${limit / 1_000} s`)));
  };
  let cancel = clock.after(milliseconds, starve(milliseconds));
  return {
    signal: AbortSignal.any([starved.signal, outer]),
    feed(next) {
      cancel();
      cancel = clock.after(next, starve(next));
    },
    stop: () => cancel(),
  };
}
