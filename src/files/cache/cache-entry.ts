import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import * as v from "valibot";
import { parseJson } from "../../base/json.ts";

/** What is known of a file of the cache beside its content. */
export interface CacheEntry {
  /** Strong or weak entity tag, quotes included. */
  readonly etag: string | null;
  /** Of the content, in hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since the epoch at which the content was written, as text: proves together with the size that this belongs to the file. */
  readonly written: string;
}

const Entry = v.object({
  etag: v.nullable(v.string()),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  size: v.number(),
  written: v.string(),
});

export function formatCacheEntry({ etag, sha256, size, written }: CacheEntry): string {
  return `${JSON.stringify({ etag, sha256, size, written })}\n`;
}

/** `undefined` for what is no entry, or that of another content than the file has now. */
export function parseCacheEntry(text: string, file: BigIntStats): CacheEntry | undefined {
  const json = parseJson(text);
  const parsed = json.ok ? v.safeParse(Entry, json.value) : undefined;
  if (parsed?.success !== true) return undefined;
  return isOf(parsed.output, file) ? parsed.output : undefined;
}

/** Whether the file is the one that the entry was made for. */
export function isOf({ size, written }: CacheEntry, file: BigIntStats): boolean {
  return size === Number(file.size) && written === String(file.mtimeNs);
}

/** Throws what the operating system says. */
export async function describeCached(path: string, etag: string | null, sha256: string): Promise<CacheEntry> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return { etag, sha256, size: Number(size), written: String(mtimeNs) };
}
