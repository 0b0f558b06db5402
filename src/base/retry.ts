import { type BackoffPolicy, backoffDelay } from "./backoff.ts";
import { type Clock, sleep } from "./clock.ts";
import { type Fault, fault } from "./fault.ts";
import { err, type Result } from "./result.ts";

export interface RetryOptions {
  readonly policy: BackoffPolicy;
  /** Tries in all, the first included. */
  readonly attempts?: number;
  /** No new try starts once this many milliseconds have passed since the first. */
  readonly budget?: number;
  readonly isRetriable: (fault: Fault) => boolean;
  readonly onRetry?: (fault: Fault, delay: number) => void;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The one retry loop. Gives the first success, the first fault that is not retriable, or the last fault; code `aborted` when the signal ends it. */
export async function retry<T>(attempt: () => Promise<Result<T>>, options: RetryOptions): Promise<Result<T>> {
  const started = options.clock.monotonic();
  for (let tried = 1; ; tried += 1) {
    if (options.signal?.aborted === true) return err(fault("aborted", "Stopped before it was done"));
    const result = await attempt();
    if (result.ok || !options.isRetriable(result.fault)) return result;
    const delay = backoffDelay(options.policy, tried, options.random());
    const spent = options.clock.monotonic() - started;
    if (tried >= (options.attempts ?? Number.POSITIVE_INFINITY)) return result;
    if (spent + delay > (options.budget ?? Number.POSITIVE_INFINITY)) return result;
    options.onRetry?.(result.fault, delay);
    await sleep(options.clock, delay, options.signal);
  }
}
