/** Runs jobs of one key one after the other, in the order in which they came; jobs of different keys do not wait for one another. */
export interface KeyedLock {
  hold<T>(key: string, job: () => Promise<T>): Promise<T>;
}

export function keyedLock(): KeyedLock {
  /** By key: resolves when the job that came last is done. */
  const lasts = new Map<string, Promise<void>>();
  return {
    async hold(key, job) {
      const before = lasts.get(key);
      const done = Promise.withResolvers<void>();
      lasts.set(key, done.promise);
      try {
        await before;
        return await job();
      } finally {
        if (lasts.get(key) === done.promise) lasts.delete(key);
        done.resolve();
      }
    },
  };
}
