import { err, ok, type Result } from "../../base/result.ts";
import type { HttpInit } from "../../platform/http-client.ts";
import type { OpenFile } from "../store/file-store.ts";
import { finalUrl, mayLearnSecrets } from "./final-url.ts";
import { guessMediaType } from "./media-type.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { sendRequest } from "./send-request.ts";
import { openSource, watchedBody } from "./source-file.ts";
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
  const opened = await openSource(request.source);
  if (!opened.ok) return opened;
  const source = opened.value;
  try {
    const url = await finalUrl(request.url, request.headers ?? {}, options);
    if (!url.ok) return url;
    const sent = await sendRequest(url.value, (onProgress) => putFile(request, url.value, source, onProgress), options);
    if (!sent.ok) return sent;
    const { ok: fine, status, statusText } = sent.value.response;
    sent.value.end();
    return fine ? ok() : err(refusal(status, statusText, url.value));
  } finally {
    await source.close();
  }
}

function putFile(request: UploadRequest, url: string, source: OpenFile, onProgress: () => void): HttpInit {
  const headers = new Headers({ ...request.headers });
  if (!mayLearnSecrets(request.url, url)) headers.delete("authorization");
  headers.set("content-type", request.contentType ?? guessMediaType(request.source));
  headers.set("content-length", String(source.size));
  return {
    method: request.method ?? "PUT",
    headers,
    redirect: "manual",
    duplex: "half",
    body: watchedBody(source, onProgress),
  };
}

/** A file transfer service that fails with 500 will fail again: its disk is at fault. */
function refusal(status: number, statusText: string, url: string): TransferFault {
  const refused = statusFault(status, statusText, url);
  const isFileService = /^\/(?:te\/v1\/files|tedge\/file-transfer)\//.test(new URL(url).pathname);
  return status === 500 && isFileService ? { ...refused, code: "refused" } : refused;
}
