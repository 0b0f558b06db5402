/** A file of the cache. */
export interface CachedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch at which it was last given to somebody. */
  readonly used: number;
  readonly isInUse: boolean;
}

/** The files that have to go so that all together take up `limit` bytes at most: those used longest ago first, none that is in use. */
export function chooseEvictions(files: readonly CachedFile[], limit: number): readonly CachedFile[] {
  let excess = files.reduce((total, { size }) => total + size, -limit);
  const unused = files.filter(({ isInUse }) => !isInUse).sort((one, other) => one.used - other.used);
  return unused.filter(({ size }) => {
    if (excess <= 0) return false;
    excess -= size;
    return true;
  });
}
