/** Media type of the content of an upload that is continued (draft-ietf-httpbis-resumable-upload). */
export const PARTIAL_UPLOAD = "application/partial-upload";

/** How far an upload is, as an answer says. */
export interface UploadProgress {
  /** All came, and the server has stored it. */
  readonly isComplete: boolean;
  /** Bytes that are safe at the server; `undefined` when it does not say. */
  readonly offset: number | undefined;
}

export function readProgress(headers: Headers): UploadProgress {
  const offset = /^\s*(\d{1,15})\s*(?:;.*)?$/.exec(headers.get("upload-offset") ?? "")?.[1];
  return {
    isComplete: /^\s*\?1\s*(?:;.*)?$/.test(headers.get("upload-complete") ?? ""),
    offset: offset === undefined ? undefined : Number(offset),
  };
}

/** Whether a server that answers OPTIONS so takes uploads in parts. */
export function takesParts(headers: Headers): boolean {
  const types = (headers.get("accept-patch") ?? "").split(",");
  return types.some((type) => type.split(";", 1)[0]?.trim().toLowerCase() === PARTIAL_UPLOAD);
}
