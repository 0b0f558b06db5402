/** What a Host header names (RFC 9110 §7.2). */
export interface HostHeader {
  /** Lower case, without the dot of the root; an IPv6 address without brackets. */
  readonly name: string;
  readonly port: number | undefined;
}

/** `undefined` for what is no single host. */
export function parseHost(header: string): HostHeader | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(header) ?? [];
  const name = (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
  if (name === undefined || name === "") return undefined;
  return { name, port: port === undefined ? undefined : Number(port) };
}

/** The page that a browser sends a request for: scheme and host of an Origin header; `undefined` for `null` and the like (RFC 6454 §7). */
export function parseOrigin(header: string): (HostHeader & { readonly scheme: string }) | undefined {
  const [, scheme = "", authority = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)$/i.exec(header) ?? [];
  const host = parseHost(authority);
  return host === undefined ? undefined : { ...host, scheme: scheme.toLowerCase() };
}

/** Whether both mean one port of one host; a port that is left out is that of the scheme. */
export function isSameHost(origin: HostHeader & { readonly scheme: string }, host: HostHeader): boolean {
  const standard = STANDARD_PORTS[origin.scheme];
  return origin.name === host.name && (origin.port ?? standard) === (host.port ?? standard);
}

const STANDARD_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
