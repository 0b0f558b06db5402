import { ok, type Result } from "../../base/result.ts";
import { sendRequest } from "./send-request.ts";
import type { TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

/**
 * Asks by HEAD where a URL leads, since a server that redirects need not take the body that is streamed to it first (spec/http-api §7.2).
 * The answer's status says nothing, and neither does a failure, except one of TLS.
 */
export async function finalUrl(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: TransferOptions,
): Promise<Result<string, TransferFault>> {
  const sent = await sendRequest({ url, method: "HEAD", headers }, options);
  if (!sent.ok) return sent.fault.code === "tls" || sent.fault.code === "aborted" ? sent : ok(url);
  sent.value.end();
  return ok(sent.value.url);
}
