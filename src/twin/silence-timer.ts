import type { CancelTimer, Clock } from "../base/clock.ts";

/** Fires when nothing has happened for `quiet` milliseconds, or after `longest` in any case. */
export interface SilenceTimer {
  /** Something happened: begins to wait, or waits anew. */
  restart(): void;
  stop(): void;
}

export interface SilenceOptions {
  readonly quiet: number;
  readonly longest: number;
  readonly clock: Clock;
  readonly fire: () => void;
}

export function silenceTimer({ quiet, longest, clock, fire }: SilenceOptions): SilenceTimer {
  let began: number | undefined;
  let cancel: CancelTimer | undefined;

  const stop = () => {
    cancel?.();
    cancel = undefined;
    began = undefined;
  };

  return {
    restart() {
      const now = clock.monotonic();
      began ??= now;
      cancel?.();
      cancel = clock.after(Math.min(quiet, Math.max(0, began + longest - now)), () => {
        stop();
        fire();
      });
    },
    stop,
  };
}
