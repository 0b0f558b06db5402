/**
 * Header fields of draft-ietf-httpbis-resumable-upload, which are structured fields (RFC 9651); a value that is none is as good as no
 * field at all.
 */
export interface UploadFields {
  readonly complete: boolean | undefined;
  readonly offset: number | undefined;
  readonly length: number | undefined;
}

export function readUploadFields(headers: Headers): UploadFields {
  const complete = ITEM.exec(headers.get("upload-complete") ?? "")?.[1];
  return {
    complete: complete === "?1" ? true : complete === "?0" ? false : undefined,
    offset: readCount(headers.get("upload-offset")),
    length: readCount(headers.get("upload-length")),
  };
}

/** `Content-Length`, where the body has one. */
export function readContentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** An item without its parameters. */
const ITEM = /^ *([^; ]+)(?: *;.*)?$/;

/** Structured fields have at most 15 digits. */
function readCount(text: string | null): number | undefined {
  const item = ITEM.exec(text ?? "")?.[1] ?? "";
  return /^\d{1,15}$/.test(item) ? Number(item) : undefined;
}
