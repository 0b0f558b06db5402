import { ok, type Result } from "../../base/result.ts";
import { sendRequest } from "./send-request.ts";
import type { TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

/**
 * Asks by HEAD where a URL leads, since a body that is streamed cannot follow a redirect (spec/http-api §7.2). The answer's status says
 * nothing, and neither does a failure, except one of TLS.
 */
export async function finalUrl(
  url: string,
  headers: Readonly<Record<string, string>>,
  options: TransferOptions,
): Promise<Result<string, TransferFault>> {
  const sent = await sendRequest(url, () => ({ method: "HEAD", headers: { ...headers } }), options);
  if (!sent.ok) return sent.fault.code === "tls" || sent.fault.code === "aborted" ? sent : ok(url);
  sent.value.end();
  return ok(sent.value.response.url);
}

/** What was meant for one host goes to no other, and not from TLS to plain text. */
export function mayLearnSecrets(from: string, to: string): boolean {
  const [source, target] = [new URL(from), new URL(to)];
  return source.hostname === target.hostname && (source.protocol === target.protocol || target.protocol === "https:");
}
