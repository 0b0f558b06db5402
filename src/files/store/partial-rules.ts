import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** What a client may know of its upload. */
export interface UploadState {
  /** Bytes that are safe on disk. */
  readonly offset: number;
  /** Bytes of the whole content, once the client has told. */
  readonly length: number | undefined;
  /** The content was put under its name. */
  readonly isComplete: boolean;
}

/** What a request to append says of itself. */
export interface AppendClaim {
  readonly offset: number;
  /** `Upload-Complete`: the content of this request is the last. */
  readonly isLast: boolean;
  /** `Upload-Length`. */
  readonly length: number | undefined;
  /** `Content-Length` of this request. */
  readonly contentLength: number | undefined;
}

export type AppendFaultCode = "completed" | "offset-mismatch" | "length-mismatch";

/**
 * Whether content may be appended, and the length of the whole that is known then (draft-ietf-httpbis-resumable-upload, Upload Append
 * and Length).
 */
export function judgeAppend(
  upload: UploadState,
  claim: AppendClaim,
): Result<{ readonly length: number | undefined }, Fault<AppendFaultCode>> {
  if (upload.isComplete) return err(fault("completed", "The upload is complete already"));
  if (claim.offset !== upload.offset) {
    const message = `The upload goes on at offset ${upload.offset}, not at ${claim.offset}`;
    return err(fault("offset-mismatch", message, { detail: { expected: upload.offset, provided: claim.offset } }));
  }
  const end = claim.contentLength === undefined ? undefined : claim.offset + claim.contentLength;
  const told = [upload.length, claim.length, claim.isLast ? end : undefined].filter((length) => length !== undefined);
  const [length] = told;
  if (told.some((other) => other !== length)) return err(lengthMismatch(`Its length is told as ${told.join(" and ")}`));
  if (length !== undefined && (end ?? claim.offset) > length) return err(longerThan(length));
  return ok({ length });
}

/** For content that turned out to be longer than the upload was said to be. */
export function longerThan(length: number): Fault<"length-mismatch"> {
  return lengthMismatch(`The upload was said to have ${length} bytes in all`);
}

/** For an upload that was called complete before all of it was there. */
export function shorterThan(length: number, offset: number): Fault<"length-mismatch"> {
  return lengthMismatch(`The upload was said to have ${length} bytes in all, and has ${offset}`);
}

function lengthMismatch(message: string): Fault<"length-mismatch"> {
  return fault("length-mismatch", message);
}
