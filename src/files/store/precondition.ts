import { quoteText } from "../../base/quoted-text.ts";
import type { StoredFile } from "./stored-file.ts";

/** What has to hold of the file that is replaced or removed, at that very moment (RFC 9110 §13.1). */
export interface Precondition {
  /** `If-Match`: there is a file, with one of these tags. */
  readonly match?: EntityTags | undefined;
  /** `If-None-Match`: there is no file, or none with one of these tags. */
  readonly noneMatch?: EntityTags | undefined;
}

/** Tags with their quotes, and `W/` where they are weak; or any file at all. */
export type EntityTags = "*" | readonly string[];

/** Why the condition does not hold of `current`, in words for the client; `undefined` when it does. `path` is as the client wrote it. */
export function brokenPrecondition(
  condition: Precondition | undefined,
  current: StoredFile | undefined,
  path: string,
): string | undefined {
  if (condition?.match !== undefined) {
    if (current === undefined) return `Precondition failed: ${quoteText(path)} does not exist`;
    if (!matchesStrongly(condition.match, current.etag)) return `Precondition failed: ${changed(path, current.etag)}`;
  }
  if (condition?.noneMatch !== undefined && current !== undefined && matchesWeakly(condition.noneMatch, current.etag)) {
    return `Precondition failed: ${quoteText(path)} exists already, its entity tag is ${current.etag}`;
  }
  return undefined;
}

/** For `If-Match`: a weak tag matches nothing (RFC 9110 §8.8.3.2). `etag` is strong. */
export function matchesStrongly(tags: EntityTags, etag: string): boolean {
  return tags === "*" || tags.includes(etag);
}

/** For `If-None-Match`: a weak tag matches as well. */
export function matchesWeakly(tags: EntityTags, etag: string): boolean {
  return tags === "*" || tags.some((tag) => tag.replace(/^W\//, "") === etag);
}

function changed(path: string, etag: string): string {
  return `${quoteText(path)} has been changed, its entity tag is ${etag}`;
}
