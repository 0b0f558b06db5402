/** How long to wait before the next try. Times in milliseconds. */
export interface BackoffPolicy {
  readonly initial: number;
  readonly maximum: number;
  readonly factor: number;
  /** 0.5 means ± 50 %, drawn uniformly, so that a fleet does not knock at the same instant. */
  readonly jitter: number;
}

/**
 * The one back-off function: delay before try number `failures + 1`, after `failures` (≥ 1) failures in a row.
 * `random` is a number in [0, 1).
 */
export function backoffDelay(policy: BackoffPolicy, failures: number, random: number): number {
  const exponent = Math.min(Math.max(0, failures - 1), 64);
  const plain = Math.min(policy.initial * policy.factor ** exponent, policy.maximum);
  return Math.round(plain * (1 + policy.jitter * (2 * random - 1)));
}
