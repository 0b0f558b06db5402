import type { Result } from "../../base/result.ts";
import type { PartialUploads } from "./partial-uploads.ts";
import type { Precondition } from "./precondition.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { OpenFile, StoredFile } from "./stored-file.ts";

export interface PutOptions {
  /** Bytes of the content where they are known: what is too much is refused before any of it is read. */
  readonly length?: number;
  /** Has to hold when the content takes the place of the old file. */
  readonly condition?: Precondition;
}

/**
 * The files that the file transfer service serves, below `<data.path>/file-transfer`. `path` is the decoded request path, as in
 * spec/http-api §2.2: it is cleaned lexically and never leaves the store. A file appears under its name only whole.
 */
export interface FileStore {
  /** Makes the directory of the store, and takes up unfinished uploads of an earlier process. */
  open(): Promise<Result<undefined, FileStoreFault>>;
  /**
   * Looks after the store until `signal` is aborted: counts what is in it, removes what uploads of a crashed process left, what expired,
   * and unfinished uploads that were abandoned. Never rejects.
   */
  tend(signal: AbortSignal): Promise<void>;
  /** The chunks of the content are taken over: nobody may use them afterwards. */
  put(
    path: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutOptions,
  ): Promise<Result<StoredFile, FileStoreFault>>;
  /**
   * Gives the file `source` (absolute path) a name in the store too, without a copy where both are on one file system; its bytes then do
   * not count here. Whoever uploads to that name replaces the name, not the content of `source`.
   */
  share(path: string, source: string): Promise<Result<StoredFile, FileStoreFault>>;
  find(path: string): Promise<Result<StoredFile, FileStoreFault>>;
  /** Like `find`, and holds the file open. */
  read(path: string): Promise<Result<OpenFile, FileStoreFault>>;
  /** True when there was a file to remove. */
  remove(path: string, condition?: Precondition): Promise<Result<boolean, FileStoreFault>>;
  /**
   * Keeps a file from being removed because of its age or to make room, until the function that it gives is called; for files that a
   * running operation needs. A client may still replace or remove it. The file need not be there yet.
   */
  pin(path: string): () => void;
  /** Uploads in several requests. */
  readonly uploads: PartialUploads;
  /** Bytes that are taken and that may be taken at most. */
  usage(): { readonly used: number; readonly limit: number };
}
