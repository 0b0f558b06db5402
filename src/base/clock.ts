/** The only door to time. Tests and the simulation bring their own. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `fire` once after `milliseconds`; the returned function takes it back. */
  after(milliseconds: number, fire: () => void): CancelTimer;
}

export type CancelTimer = () => void;

const LONGEST_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, milliseconds), LONGEST_TIMEOUT));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds`, or at once when the signal is aborted; look at the signal to tell which. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(milliseconds, done);
    signal?.addEventListener("abort", done);
  });
}
