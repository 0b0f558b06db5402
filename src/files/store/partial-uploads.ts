import type { Fault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";
import type { AppendFaultCode, UploadState } from "./partial-rules.ts";
import type { Precondition } from "./precondition.ts";
import type { FileStoreFaultCode } from "./store-fault.ts";
import type { StoredFile } from "./stored-file.ts";

/**
 * `unknown`: there is no such upload for that path, or no more. `too-many`: there are as many as there may be. `superseded`: another
 * request took the upload over.
 */
export type PartialUploadFaultCode = FileStoreFaultCode | AppendFaultCode | "unknown" | "too-many" | "superseded";
/** `detail.isComplete` is true when all content was there, and it could not be stored. */
export type PartialUploadFault = Fault<PartialUploadFaultCode>;

/** An upload that is under way. */
export interface PartialUpload extends UploadState {
  /** Names it in the URL, and cannot be guessed. */
  readonly id: string;
  /** Seconds until it is given up, unless something happens to it. */
  readonly maxAge: number;
}

/** The content of one request. */
export interface UploadPart {
  readonly content: ReadableStream<Uint8Array> | null;
  /** Bytes of it, where they are known. */
  readonly contentLength: number | undefined;
  /** Bytes of the whole, where the client told. */
  readonly length: number | undefined;
}

/** The content is the next part of the upload. */
export interface AppendedPart extends UploadPart {
  readonly offset: number;
  /** The whole is there with it. */
  readonly isLast: boolean;
}

/** What an upload came to: it goes on, or the file is stored. */
export type PartialOutcome =
  | { readonly kind: "open"; readonly upload: PartialUpload }
  | { readonly kind: "stored"; readonly upload: PartialUpload; readonly file: StoredFile };

/**
 * Uploads in several requests, for large files over bad links. What has come is kept over failures, restarts and crashes, and becomes a
 * stored file when the client says that it is all. One request at a time works on an upload: a later one ends an earlier one, whose
 * client is taken to be gone. `path` is the decoded request path of the file.
 *
 * The protocol is that of the IETF (draft-ietf-httpbis-resumable-upload), not tus 1.0: it extends an ordinary PUT on the URL of the file
 * by header fields, becomes a standard that platforms build in (Apple's does), and plain curl speaks it; tus has a creation URL and an
 * extension for each of these things.
 */
export interface PartialUploads {
  /** Begins an upload with its first part, which may be empty. */
  create(path: string, part: UploadPart, condition?: Precondition): Promise<Result<PartialUpload, PartialUploadFault>>;
  find(path: string, id: string): Promise<Result<PartialUpload, PartialUploadFault>>;
  append(path: string, id: string, part: AppendedPart): Promise<Result<PartialOutcome, PartialUploadFault>>;
  /** Forgets an upload and what came of it. */
  cancel(path: string, id: string): Promise<Result<undefined, PartialUploadFault>>;
}
