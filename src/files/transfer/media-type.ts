import mime from "mime/lite";

export const UNKNOWN_TYPE = "application/octet-stream";

/** Media type by the extension of a file's name; `application/octet-stream` when it says nothing. */
export function guessMediaType(path: string): string {
  return mime.getType(path) ?? UNKNOWN_TYPE;
}

/** Whether a text is `type/subtype`, with or without parameters (RFC 9110 §8.3.1). */
export function isMediaType(text: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+\s*(?:;.*)?$/.test(text);
}
