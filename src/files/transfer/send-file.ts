import type { Result } from "../../base/result.ts";
import { openSource } from "./file-body.ts";
import { finalUrl } from "./final-url.ts";
import { headersFor } from "./redirect.ts";
import type { RequestBody } from "./request-body.ts";
import { type Answer, sendRequest } from "./send-request.ts";
import type { TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

export interface FileRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Path of the file. */
  readonly source: string;
  /** What is made of it. */
  readonly body: RequestBody;
}

/** Sends a file, once, to where its URL leads (spec/http-api §7.2). There is no request when it cannot be opened. */
export async function sendFile(request: FileRequest, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  const { method, source, body } = request;
  const present = await openSource(source);
  if (!present.ok) return present;
  await present.value.close();
  const url = await finalUrl(request.url, request.headers, options);
  if (!url.ok) return url;
  const headers = headersFor(request.url, url.value, request.headers);
  return await sendRequest({ url: url.value, method, headers, body }, options);
}
