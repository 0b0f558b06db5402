import { fault } from "../base/fault.ts";
import { quoteText } from "../base/quoted-text.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { HttpInit } from "../platform/http-client.ts";
import type { OpenFile } from "./file-store.ts";
import { guessMediaType } from "./media-type.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { sendRequest } from "./send-request.ts";
import { openStored } from "./stored-file.ts";
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
    const url = await finalUrl(request, options);
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

async function openSource(path: string): Promise<Result<OpenFile, TransferFault>> {
  const message = `Can't open a file ${quoteText(path)}`;
  try {
    const file = await openStored(path);
    return file === undefined ? err(fault("io", `${message}: not a regular file`)) : ok(file);
  } catch (thrown) {
    return err(fault("io", message, { cause: thrown }));
  }
}

/**
 * A body that is streamed cannot follow a redirect, so HEAD asks where the URL leads. Its status says nothing, and neither does its
 * failure, except one of TLS.
 */
async function finalUrl(
  { url, headers }: UploadRequest,
  options: TransferOptions,
): Promise<Result<string, TransferFault>> {
  const sent = await sendRequest(url, () => ({ method: "HEAD", headers: { ...headers } }), options);
  if (!sent.ok) return ["tls", "aborted"].includes(sent.fault.code) ? sent : ok(url);
  sent.value.end();
  return ok(sent.value.response.url);
}

function putFile(request: UploadRequest, url: string, source: OpenFile, onProgress: () => void): HttpInit {
  const headers = new Headers({ ...request.headers });
  if (!mayLearnSecrets(request.url, url)) headers.delete("authorization");
  headers.set("content-type", request.contentType ?? guessMediaType(request.source));
  headers.set("content-length", String(source.size));
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onProgress();
      controller.enqueue(chunk);
    },
  });
  return {
    method: request.method ?? "PUT",
    headers,
    redirect: "manual",
    duplex: "half",
    body: source.stream(0, source.size).pipeThrough(watched),
  };
}

/** What was meant for one host goes to no other, and not from TLS to plain text. */
function mayLearnSecrets(from: string, to: string): boolean {
  const [source, target] = [new URL(from), new URL(to)];
  return source.hostname === target.hostname && (source.protocol === target.protocol || target.protocol === "https:");
}

/** A file transfer service that fails with 500 will fail again: its disk is at fault. */
function refusal(status: number, statusText: string, url: string): TransferFault {
  const refused = statusFault(status, statusText, url);
  const isFileService = /^\/(?:te\/v1\/files|tedge\/file-transfer)\//.test(new URL(url).pathname);
  return status === 500 && isFileService ? { ...refused, code: "refused" } : refused;
}
