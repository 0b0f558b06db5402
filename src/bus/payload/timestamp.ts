/** A point in time to the nanosecond, with the offset from UTC that it was written with (spec/mqtt-api §7.2). */
export interface Timestamp {
  /** Whole seconds since the Unix epoch, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999, added to `seconds`. */
  readonly nanoseconds: number;
  /** Minutes east of UTC. */
  readonly offset: number;
}

/** Years -9999 to 9999, in seconds since the Unix epoch. */
export const FIRST_SECOND = -377_705_116_800;
export const LAST_SECOND = 253_402_300_799;

/** A time in UTC from milliseconds since the Unix epoch, as a clock gives them. */
export function timestampOf(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1_000);
  return { seconds, nanoseconds: Math.round((milliseconds - seconds * 1_000) * 1_000_000), offset: 0 };
}

/** Milliseconds since the Unix epoch, rounded down, as a clock gives them. */
export function wholeMilliseconds({ seconds, nanoseconds }: Timestamp): number {
  return seconds * 1_000 + Math.floor(nanoseconds / 1_000_000);
}

/** Seconds since the Unix epoch as an exact decimal number, for example `1714676361.361066`. */
export function unixSeconds({ seconds, nanoseconds }: Timestamp): string {
  if (nanoseconds === 0) return String(seconds);
  const isNegative = seconds < 0;
  const whole = isNegative ? -(seconds + 1) : seconds;
  const fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds;
  return `${isNegative ? "-" : ""}${whole}.${decimals(fraction)}`;
}

/** The digits behind the point, without trailing zeros. */
export function decimals(nanoseconds: number): string {
  return String(nanoseconds).padStart(9, "0").replace(/0+$/, "");
}
