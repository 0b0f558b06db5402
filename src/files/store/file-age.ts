import type { Clock } from "../../base/clock.ts";

/** What to do with a file because of its age. `stamp`: its time of writing is not to be trusted, it counts from now on. */
export type AgeVerdict = "keep" | "expired" | "stamp";

/** Before this, a clock has not been set yet (2020-01-01): devices without a battery start in 1970. */
const CLOCK_IS_SET = 1_577_836_800_000;
/** A wall clock that gains so much on the monotonic one was set. Milliseconds. */
const JUMP = 60_000;

/**
 * Tells how old files are although the wall clock may be set at any time. A file that was written while the clock was wrong would look
 * years old once it is right: it is stamped anew instead of removed.
 */
export interface FileAges {
  /** To be called before each round of `judge`: looks at the clock. */
  look(): void;
  /** `written` in milliseconds since the epoch. */
  judge(written: number): AgeVerdict;
}

/** Files expire once they were not written to for `expireAfter` milliseconds. */
export function fileAges(expireAfter: number, clock: Pick<Clock, "now" | "monotonic">): FileAges {
  const began = clock.now();
  let offset = began - clock.monotonic();
  let now = began;
  /** The last span of time on the wall clock in which it was wrong. */
  let wrong = { from: 0, to: -1 };
  return {
    look() {
      now = clock.now();
      const present = now - clock.monotonic();
      if (present - offset > JUMP) wrong = { from: began, to: clock.monotonic() + offset };
      offset = present;
    },
    judge(written) {
      if (now < CLOCK_IS_SET || now - written <= expireAfter) return "keep";
      const isWrong = written < CLOCK_IS_SET || (written >= wrong.from && written <= wrong.to);
      return isWrong ? "stamp" : "expired";
    },
  };
}
