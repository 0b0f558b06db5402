import type { Fault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";

export type FileStoreFaultCode = "outside" | "not-found" | "is-directory" | "disk-full" | "interrupted" | "io";
/** The message of the first three is a text of spec/http-api §2.3-2.5, fit for a client; that of the others is for the log. */
export type FileStoreFault = Fault<FileStoreFaultCode>;

export interface StoredFile {
  /** Absolute path on disk, links resolved. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong entity tag, quotes included (RFC 9110 §8.8.3). */
  readonly etag: string;
}

/** A stored file that is held open: what is read from it belongs to its etag, also when the file is replaced meanwhile. */
export interface OpenFile extends StoredFile {
  /** The bytes from `start` up to but without `end`; closes the file at the end and when it is cancelled. Call it once. */
  stream(start: number, end: number): ReadableStream<Uint8Array>;
  /** The same at once, for a part that fits into memory. */
  bytes(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** For a file that is neither streamed nor read; may be called twice. */
  close(): Promise<void>;
}

/**
 * The files that the file transfer service serves, below `<data.path>/file-transfer`. `path` is the decoded request path, as in
 * spec/http-api §2.2: it is cleaned lexically and never leaves the store. A file appears under its name only whole.
 */
export interface FileStore {
  /** Makes the directory of the store, and removes what uploads of a crashed process left. */
  open(): Promise<Result<undefined, FileStoreFault>>;
  put(path: string, content: AsyncIterable<Uint8Array>): Promise<Result<StoredFile, FileStoreFault>>;
  find(path: string): Promise<Result<StoredFile, FileStoreFault>>;
  /** Like `find`, and holds the file open. */
  read(path: string): Promise<Result<OpenFile, FileStoreFault>>;
  /** True when there was a file to remove. */
  remove(path: string): Promise<Result<boolean, FileStoreFault>>;
}
