/** Bytes of the head of a request that are looked at. */
export const LONGEST_HEAD = 16_384;

/**
 * What a client gets that speaks HTTP where TLS is spoken: the same URL with `https` (spec/http-api §4.3). `head` is what it sent so far;
 * `undefined` until its last line has come.
 */
export function plainAnswer(head: string): string | undefined {
  const end = head.indexOf("\r\n\r\n");
  if (end === -1 && head.length < LONGEST_HEAD) return mayBecomeHttp(head) ? undefined : BAD_REQUEST;
  if (end === -1) return response("431 Request Header Fields Too Large", "", "");
  const [requestLine = "", ...fields] = head.slice(0, end).split("\r\n");
  const [, target] = /^[!#$%&'*+.^_`|~\w-]+ (\S+) HTTP\/1\.[01]$/.exec(requestLine) ?? [];
  const hosts = fields.flatMap((field) => /^host:[ \t]*(.*?)[ \t]*$/i.exec(field)?.[1] ?? []);
  const [host] = hosts;
  if (target === undefined || host === undefined || hosts.length > 1 || !/^[\w.:[\]-]+$/.test(host)) return BAD_REQUEST;
  return response("307 Temporary Redirect", `Location: https://${host}${localPart(target)}\r\n`, "");
}

/** Path and query: proxies are sent a whole URL (RFC 9112 §3.2.2), and `*` is no path. */
function localPart(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, "");
  return path.startsWith("/") || path.startsWith("?") ? path : "/";
}

/** So that whatever else begins with no method gets its answer at once. */
function mayBecomeHttp(head: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]*(?: |$)/.test(head);
}

function response(status: string, fields: string, body: string): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

const BAD_REQUEST = response(
  "400 Bad Request",
  "Content-Type: text/plain; charset=utf-8\r\n",
  "This server does not support HTTP. Please retry this request using HTTPS",
);
