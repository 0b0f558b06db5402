import { fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type HttpInit, httpFetch } from "../../platform/http-client.ts";
import { routeTo } from "../../platform/http-route.ts";
import { type Hop, MOST_REDIRECTS, redirectOf, tooManyRedirects } from "./redirect.ts";
import type { OpenBody, RequestBody } from "./request-body.ts";
import { ABORTED, requestFault, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions, USER_AGENT } from "./transfer-options.ts";
import { PROCESS_SLOTS } from "./transfer-slots.ts";
import { type Watchdog, watch } from "./watchdog.ts";

export interface OutgoingRequest {
  readonly url: string;
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
}

/** An answer whose body is still to be read. */
export interface Answer {
  /** What answered, after all redirects. */
  readonly url: string;
  readonly response: Response;
  /** To be fed while the body comes. */
  readonly watchdog: Watchdog;
  /** Drops what was not read. Must be called in the end; may be called twice. */
  end(): void;
}

/**
 * Sends one request, once, and follows redirects; any other status is a success. It waits until the process has a slot for it. The head of
 * each answer must come within the connect and the idle timeout together, counted anew whenever a part of the request's body was taken.
 */
export async function sendRequest(
  request: OutgoingRequest,
  options: TransferOptions,
): Promise<Result<Answer, TransferFault>> {
  const slot = await (options.slots ?? PROCESS_SLOTS).take(options.signal);
  if (!slot.ok) return slot;
  const answered = await followRedirects({ method: "GET", headers: {}, ...request }, options);
  if (!answered.ok) {
    slot.value();
    return answered;
  }
  const end = () => {
    answered.value.end();
    slot.value();
  };
  return ok({ ...answered.value, end });
}

async function followRedirects(first: Hop, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const answered = await sendOnce(hop, options);
    if (!answered.ok) return answered;
    const { status, headers } = answered.value.response;
    const next = redirectOf(hop, status, headers.get("location"));
    if (next === undefined) return answered;
    answered.value.end();
    if (!next.ok) return next;
    if (redirects === MOST_REDIRECTS) return err(tooManyRedirects());
    hop = next.value;
  }
}

async function sendOnce(asked: Hop, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  const hop = await withCredentials(asked, options);
  return hop.ok ? await exchange(hop.value, options) : hop;
}

/** They belong to the URL of this one hop: where it redirects to, others may be needed. */
async function withCredentials(hop: Hop, { credentials }: TransferOptions): Promise<Result<Hop, TransferFault>> {
  if (credentials === undefined || new Headers(hop.headers).has("authorization")) return ok(hop);
  const own = await credentials(hop.url);
  if (!own.ok) return err(fault("io", own.fault.message, { cause: own.fault.cause }));
  return ok({ ...hop, headers: { ...hop.headers, ...own.value } });
}

async function exchange(hop: Hop, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  const { connectTimeout, idleTimeout } = options.policy ?? TRANSFER_POLICY;
  const watchdog = watch(options.clock, connectTimeout + idleTimeout, options.signal);
  let taken = 0;
  let size = 0;
  const opened = await hop.body?.open((bytes) => {
    taken += bytes;
    watchdog.feed(idleTimeout + timeToDrain(size));
    options.onProgress?.(taken, size);
  });
  if (opened?.ok === false) {
    watchdog.stop();
    return opened;
  }
  const body = opened?.value;
  size = body?.size ?? 0;
  const stop = () => {
    watchdog.stop();
    body?.close().catch(() => undefined);
  };
  try {
    const init = { ...requestInit(hop, body), signal: watchdog.signal };
    const response = await httpFetch(hop.url, init, routeTo(hop.url, options.http ?? {}));
    watchdog.feed(idleTimeout);
    const end = () => {
      stop();
      response.body?.cancel().catch(() => undefined);
    };
    return ok({ url: hop.url, response, watchdog, end });
  } catch (thrown) {
    stop();
    return err(options.signal.aborted ? ABORTED : requestFault(thrown, hop.url));
  }
}

function requestInit(hop: Hop, body: OpenBody | undefined): Omit<HttpInit, "signal"> {
  const headers = new Headers(hop.headers);
  if (!headers.has("user-agent")) headers.set("user-agent", USER_AGENT);
  headers.set("accept-encoding", "identity");
  if (body === undefined) return { method: hop.method, headers };
  headers.set("content-type", body.type);
  headers.set("content-length", String(body.size));
  return { method: hop.method, headers, body: body.content, duplex: "half" };
}

/** Bytes that the system may hold back after they were taken, and the slowest link that is waited for, in bytes a second. */
const MOST_UNSENT = 1024 * 1024;
const SLOWEST_LINK = 4 * 1024;

/** Milliseconds until what was taken has left this machine over a slow link. */
function timeToDrain(size: number): number {
  return (Math.min(size, MOST_UNSENT) / SLOWEST_LINK) * 1_000;
}
