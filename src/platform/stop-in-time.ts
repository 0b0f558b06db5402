import type { Clock } from "../base/clock.ts";

/** Waits for `graceful`, but calls `cut` once `grace` milliseconds have passed and then waits for that. */
export async function stopInTime(
  clock: Clock,
  grace: number,
  graceful: () => Promise<void>,
  cut: () => Promise<void>,
): Promise<void> {
  let late: Promise<void> | undefined;
  const tooLate = Promise.withResolvers<void>();
  const cancel = clock.after(grace, () => {
    late = cut();
    tooLate.resolve();
  });
  await Promise.race([graceful(), tooLate.promise]);
  cancel();
  await late;
}
