import type { PartialRecord } from "./partial-record.ts";
import type { UploadState } from "./partial-rules.ts";

/** What is held in memory of an upload in several requests. */
export interface PartialEntry {
  readonly id: string;
  record: PartialRecord;
  /** Bytes on disk; of a stored upload, those that it had. */
  size: number;
  /** On the monotonic clock: when something last happened to it. */
  touched: number;
  /** Of the request that came last. */
  latest?: AbortController;
}

export function describePartial({ id, record, size }: PartialEntry): UploadState & { readonly id: string } {
  return { id, offset: size, length: record.length, isComplete: record.state === "stored" };
}
