/** What the last answer said, for the next request of the same file. */
export interface ResumePoint {
  /** Bytes from the start of the file that are on disk. */
  readonly written: number;
  /** Whether a part can be asked for: the last answer was 206 or had `Accept-Ranges: bytes`. */
  readonly resumable: boolean;
  readonly etag: string | null;
}

export const FROM_THE_START: ResumePoint = { written: 0, resumable: false, etag: null };

/** The part of an answer that decides how to go on. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
}

export type Continuation =
  /** Write the body from `at`. The file has `total` bytes, if known. */
  | { readonly kind: "write"; readonly at: number; readonly total: number | undefined; readonly next: ResumePoint }
  /** The file changed: drop the body, ask for the whole with the next request. */
  | { readonly kind: "restart" }
  | { readonly kind: "fail"; readonly reason: string };

/** The offset to ask for; 0 means the whole file by a plain request (spec/http-api §7.1). */
export function resumeOffset(point: ResumePoint): number {
  return point.resumable ? point.written : 0;
}

/** Decides what an answer to a request from `resumeOffset(point)` is good for. Its status is 2xx, or 416 for a part. */
export function continueWith(point: ResumePoint, answer: AnswerHead): Continuation {
  const { status, headers } = answer;
  if (status === 416) return { kind: "restart" };
  const etag = headers.get("etag");
  if (status !== 206) {
    const next = { written: 0, resumable: headers.get("accept-ranges") === "bytes", etag };
    return { kind: "write", at: 0, total: contentLength(headers), next };
  }
  if (changed(point.etag, etag)) return { kind: "restart" };
  const range = parseContentRange(headers.get("content-range"));
  if (typeof range === "string")
    return { kind: "fail", reason: `Error parsing Content-Range header, reason: ${range}` };
  if (range.start > point.written) {
    const reason = `the part begins at ${range.start}, beyond the ${point.written} bytes that are there`;
    return { kind: "fail", reason: `Error parsing Content-Range header, reason: ${reason}` };
  }
  return {
    kind: "write",
    at: range.start,
    total: range.size ?? range.end,
    next: { written: range.start, resumable: true, etag },
  };
}

/** `Content-Length` of a body that is not compressed. */
export function contentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  if (text === null || headers.has("content-encoding") || !/^\d+$/.test(text)) return undefined;
  return Number(text);
}

/** A weak tag never proves that two versions are the same byte for byte (RFC 9110 §8.8.3.2). */
function changed(before: string | null, now: string | null): boolean {
  return before !== now || now?.startsWith("W/") === true;
}

interface ContentRange {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  readonly size: number | undefined;
}

function parseContentRange(header: string | null): ContentRange | string {
  if (header === null) return "the header is missing";
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header.trim());
  if (match === null) return `not a range of bytes: ${header}`;
  const [, start = "", last = "", size = "*"] = match;
  if (Number(last) < Number(start)) return `the range ends before it begins: ${header}`;
  return { start: Number(start), end: Number(last) + 1, size: size === "*" ? undefined : Number(size) };
}
