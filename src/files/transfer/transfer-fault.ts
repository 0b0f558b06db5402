import { type Fault, fault, toFault } from "../../base/fault.ts";

/** Why a transfer failed. `network` and `unavailable` may pass; the others are final. */
export type TransferFaultCode =
  | "network"
  | "unavailable"
  | "refused"
  | "tls"
  | "invalid-url"
  | "invalid-target"
  | "disk-full"
  | "io"
  | "protocol"
  | "checksum"
  | "aborted";
export type TransferFault = Fault<TransferFaultCode>;

export const ABORTED: TransferFault = fault("aborted", "Stopped before it was done");

/** One list for everything (spec/http-api §7); what else is not 2xx is final. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

export function isPassing({ code }: Fault): boolean {
  return code === "network" || code === "unavailable";
}

/** The fault of an answer that is not 2xx: `HTTP status client error (404 Not Found) for url (http://…)`. */
export function statusFault(status: number, statusText: string, url: string): TransferFault {
  const kind = status >= 500 ? "server error" : status >= 400 ? "client error" : "unexpected";
  const reason = statusText === "" ? String(status) : `${status} ${statusText}`;
  const code = PASSING_STATUSES.includes(status) ? "unavailable" : "refused";
  return fault(code, `HTTP status ${kind} (${reason}) for url (${withoutPassword(url)})`, { detail: { status } });
}

/** The fault of a request that got no answer. */
export function requestFault(thrown: unknown, url: string): TransferFault {
  const cause = toFault(thrown);
  const code = proxyRefusal(thrown) ?? (TLS_CODE.test(cause.code) ? "tls" : (FINAL_CODES[cause.code] ?? "network"));
  const reason = REASONS[cause.code];
  return fault(code, `error sending request for url (${withoutPassword(url)})`, {
    cause: reason === undefined ? cause : fault(cause.code, reason),
  });
}

/** What the system says, where the runtime says it in words of its own. */
const REASONS: Readonly<Record<string, string>> = {
  ENETUNREACH: "Network is unreachable (os error 101)",
  ECONNRESET: "Connection reset by peer (os error 104)",
  ETIMEDOUT: "Connection timed out (os error 110)",
  ECONNREFUSED: "Connection refused (os error 111)",
  EHOSTUNREACH: "No route to host (os error 113)",
};

/** A proxy that opens no tunnel says why by a status. */
function proxyRefusal(thrown: unknown): TransferFaultCode | undefined {
  if (!(thrown instanceof Error && "status" in thrown && typeof thrown.status === "number")) return undefined;
  return PASSING_STATUSES.includes(thrown.status) ? "network" : "refused";
}

const TLS_CODE = /^ERR_(?:TLS|SSL|OSSL)_|CERT|^UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)|^HOSTNAME_MISMATCH$/;

const FINAL_CODES: Readonly<Record<string, TransferFaultCode>> = {
  ERR_INVALID_URL: "invalid-url",
  ERR_INVALID_ARG_VALUE: "invalid-url",
  EPROTO: "tls",
  TooManyRedirects: "protocol",
};

/** Only HTTP is ever spoken, whatever else the runtime's `fetch` could open. */
export function checkUrl(url: string): TransferFault | undefined {
  const protocol = URL.parse(url)?.protocol;
  if (protocol === "http:" || protocol === "https:") return undefined;
  return fault("invalid-url", `Not a valid HTTP URL: ${withoutPassword(url)}`);
}

/** An URL that can be shown. */
export function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.password === "") return url;
  parsed.password = "***";
  return parsed.href;
}
