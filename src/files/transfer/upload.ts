import { err, ok, type Result } from "../../base/result.ts";
import { fileBody } from "./file-body.ts";
import { formBody } from "./form-body.ts";
import { locateTarget } from "./locate-target.ts";
import { uploadRefusal } from "./own-file-service.ts";
import type { RequestBody } from "./request-body.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { sendRequest } from "./send-request.ts";
import { checkUrl, type TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";
import { isWorthParts, uploadInParts } from "./upload-in-parts.ts";

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
  const { source, method = "PUT", headers = {}, form } = request;
  const located = await locateTarget(source, { url: request.url, headers }, options);
  if (!located.ok) return located;
  const target = located.value;
  if (method === "PUT" && form === undefined && isWorthParts(target)) {
    const parts = await uploadInParts(target, options);
    if (parts !== undefined) return parts;
  }
  const sent = await sendRequest(
    { url: target.url, headers: target.headers, method, body: bodyOf(request, options) },
    options,
  );
  if (!sent.ok) return sent;
  sent.value.end();
  return sent.value.response.ok ? ok() : err(uploadRefusal(sent.value.response, sent.value.url));
}

function bodyOf({ source, contentType, form }: UploadRequest, { random }: TransferOptions): RequestBody {
  if (form === undefined) return fileBody(source, contentType);
  return formBody(source, { ...form, ...(contentType === undefined ? {} : { type: contentType }), random });
}
