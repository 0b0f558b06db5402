export interface FileServer {
  readonly https: boolean;
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * URL under which the file transfer service of `server` serves the stored file `path`, `/`-separated, without leading slash.
 * What a path segment cannot hold is percent-encoded; `:` stays (spec/http-api §2.6).
 */
export function fileUrl(server: FileServer, path: string): string {
  return `${serverUrl(server)}/te/v1/files/${path.split("/").map(encodeSegment).join("/")}`;
}

/** `http://127.0.0.1:8000`, without a slash at the end. */
export function serverUrl(server: FileServer): string {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return `${server.https ? "https" : "http"}://${host}:${server.port}`;
}

/** `<type>-<command id>`, the name of a command's file in the store: each `/` of the type becomes `:` (spec/http-api §2.6). */
export function commandFileName(type: string, commandId: string): string {
  return `${type.replaceAll("/", ":")}-${commandId}`;
}

/** Encodes all but the `pchar` of RFC 3986 §3.3; a lone surrogate, which no URL can hold, becomes U+FFFD. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.toWellFormed()).replace(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
}
