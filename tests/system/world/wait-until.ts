export interface WaitOptions {
  /** Milliseconds until the wait is given up. Default 10,000. */
  readonly timeout?: number;
  /** Milliseconds between two looks. Default 20. */
  readonly interval?: number;
}

type Nothing = undefined | null | false;

/**
 * Looks again and again until `look` gives something (not undefined, null or false) and returns it.
 * Throws `Gave up waiting until <what>` at the deadline, with what `look` threw last as the cause.
 */
export async function waitUntil<T>(
  what: string,
  look: () => T | Nothing | Promise<T | Nothing>,
  options: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeout ?? 10_000);
  for (;;) {
    const seen = await attempt(look);
    if (seen.value !== undefined && seen.value !== null && seen.value !== false) return seen.value;
    if (performance.now() >= deadline) throw new Error(`Gave up waiting until ${what}`, { cause: seen.thrown });
    await new Promise((resolve) => setTimeout(resolve, options.interval ?? 20));
  }
}

async function attempt<T>(look: () => T | Promise<T>): Promise<{ readonly value?: T; readonly thrown?: unknown }> {
  try {
    return { value: await look() };
  } catch (thrown) {
    return { thrown };
  }
}
