/** Bytes that a file of `size` bytes counts for: whole blocks, at least one, so that countless small files are bounded too. */
export function footprint(size: number): number {
  return Math.max(1, Math.ceil(size / BLOCK)) * BLOCK;
}

const BLOCK = 4_096;
