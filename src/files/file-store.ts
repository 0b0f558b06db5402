import type { Fault } from "../base/fault.ts";
import type { Result } from "../base/result.ts";

export type FileStoreFaultCode = "outside" | "not-found" | "is-directory" | "disk-full" | "interrupted" | "io";
export type FileStoreFault = Fault<FileStoreFaultCode>;

/** A file of the store, open for reading a part of it. */
export interface StoredFile {
  /** Absolute path on disk, links resolved. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong entity tag, quotes included (RFC 9110 §8.8.3). */
  readonly etag: string;
}

/**
 * The files that the file transfer service serves, below `<data.path>/file-transfer`. `path` is the decoded request path, as in
 * spec/http-api §2.2: it is cleaned lexically and never leaves the store. A file appears under its name only whole.
 */
export interface FileStore {
  /** Makes the directory of the store. */
  open(): Promise<Result<undefined, FileStoreFault>>;
  put(path: string, content: AsyncIterable<Uint8Array>): Promise<Result<StoredFile, FileStoreFault>>;
  find(path: string): Promise<Result<StoredFile, FileStoreFault>>;
  /** True when there was a file to remove. */
  remove(path: string): Promise<Result<boolean, FileStoreFault>>;
}
