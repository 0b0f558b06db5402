import { err, ok, type Result } from "../../base/result.ts";
import { fileBody } from "./file-body.ts";
import { formBody } from "./form-body.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { sendFile } from "./send-file.ts";
import { checkUrl, statusFault, type TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

export interface UploadRequest {
  readonly url: string;
  /** Path of the file to send. */
  readonly source: string;
  /** Default `PUT`. */
  readonly method?: "PUT" | "POST";
  /** Default: guessed from the extension of `source`. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends a form with the file in its part `file`, and these text fields before it. */
  readonly form?: { readonly fileName?: string; readonly fields?: Readonly<Record<string, string>> };
}

/** Sends a file, and again while the failure may pass (spec/http-api §7.2). Other than the reference it retries refused connections. */
export async function upload(
  request: UploadRequest,
  options: TransferOptions,
): Promise<Result<undefined, TransferFault>> {
  const refused = checkUrl(request.url);
  return refused === undefined ? await retryTransfer(() => attempt(request, options), options) : err(refused);
}

async function attempt(request: UploadRequest, options: TransferOptions): Promise<Result<undefined, TransferFault>> {
  const { url, source, contentType, method = "PUT", headers = {}, form } = request;
  const body =
    form === undefined
      ? fileBody(source, contentType)
      : formBody(source, {
          ...form,
          ...(contentType === undefined ? {} : { type: contentType }),
          random: options.random,
        });
  const sent = await sendFile({ url, method, headers, source, body }, options);
  if (!sent.ok) return sent;
  const { ok: fine, status, statusText } = sent.value.response;
  sent.value.end();
  return fine ? ok() : err(refusal(status, statusText, sent.value.url));
}

/** A file transfer service that fails with 500 will fail again: its disk is at fault. */
function refusal(status: number, statusText: string, url: string): TransferFault {
  const refused = statusFault(status, statusText, url);
  const isFileService = /^\/(?:te\/v1\/files|tedge\/file-transfer)\//.test(new URL(url).pathname);
  return status === 500 && isFileService ? { ...refused, code: "refused" } : refused;
}
