import { fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { RequestBody } from "./request-body.ts";
import { checkUrl, type TransferFault } from "./transfer-fault.ts";

/** A request, as it goes to one URL. */
export interface Hop {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

export const MOST_REDIRECTS = 10;

/** Where an answer sends the client on; `undefined` when it does not (RFC 9110 §15.4, Fetch §4.4). */
export function redirectOf(hop: Hop, status: number, location: string | null): Result<Hop, TransferFault> | undefined {
  if (!REDIRECTS.includes(status) || location === null) return undefined;
  const url = URL.parse(location, hop.url)?.href ?? location;
  const refused = checkUrl(url);
  if (refused !== undefined) return err({ ...refused, message: `Redirected elsewhere: ${refused.message}` });
  const next = { ...hop, url, headers: headersFor(hop.url, url, hop.headers) };
  return ok(turnsIntoGet(status, hop.method) ? { url, headers: next.headers, method: "GET" } : next);
}

/** The headers that may go along from one URL to another: what was meant for one server is told to no other. */
export function headersFor(
  from: string,
  to: string,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (mayLearnSecrets(new URL(from), new URL(to))) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRETS.has(name.toLowerCase())));
}

export function tooManyRedirects(): TransferFault {
  return fault("protocol", `Redirected more than ${MOST_REDIRECTS} times`);
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const SECRETS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

function turnsIntoGet(status: number, method: string): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

/** The same server, perhaps by TLS now; both on the port that is usual for them count as one. */
function mayLearnSecrets(from: URL, to: URL): boolean {
  if (from.hostname !== to.hostname || from.port !== to.port) return false;
  return from.protocol === to.protocol || to.protocol === "https:";
}
