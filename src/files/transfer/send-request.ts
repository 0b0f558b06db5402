import { err, ok, type Result } from "../../base/result.ts";
import { type HttpInit, httpFetch } from "../../platform/http-client.ts";
import { ABORTED, requestFault, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions, USER_AGENT } from "./transfer-options.ts";
import { type Watchdog, watch } from "./watchdog.ts";

/** An answer whose body is still to be read. */
export interface Answer {
  readonly response: Response;
  /** To be fed while the body comes. */
  readonly watchdog: Watchdog;
  /** Drops what was not read. Must be called in the end. */
  end(): void;
}

/** `init`, and what is told whenever a part of the request's body was taken. */
export type OutgoingRequest = (onProgress: () => void) => Omit<HttpInit, "signal">;

/**
 * Sends one request, once. The head of the answer must come within the connect and the idle timeout together, counted anew whenever
 * a part of the request's body was taken. Any status is a success.
 */
export async function sendRequest(
  url: string,
  outgoing: OutgoingRequest,
  options: TransferOptions,
): Promise<Result<Answer, TransferFault>> {
  const { connectTimeout, idleTimeout } = options.policy ?? TRANSFER_POLICY;
  const watchdog = watch(options.clock, connectTimeout + idleTimeout, options.signal);
  const init = outgoing(() => watchdog.feed(idleTimeout));
  const headers = new Headers(init.headers);
  if (!headers.has("user-agent")) headers.set("user-agent", USER_AGENT);
  headers.set("accept-encoding", "identity");
  try {
    const response = await httpFetch(url, { ...init, headers, signal: watchdog.signal }, options.tls);
    watchdog.feed(idleTimeout);
    return ok({ response, watchdog, end: () => drop(response, watchdog) });
  } catch (thrown) {
    watchdog.stop();
    return err(options.signal.aborted ? ABORTED : requestFault(thrown, url));
  }
}

function drop(response: Response, watchdog: Watchdog): void {
  watchdog.stop();
  response.body?.cancel().catch(() => undefined);
}
