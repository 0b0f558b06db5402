import { backoffDelay } from "../../base/backoff.ts";
import { sleep } from "../../base/clock.ts";
import { describeFault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { hasChanged, restOfFile } from "./file-body.ts";
import type { LocatedTarget } from "./locate-target.ts";
import { isOwnFile, uploadRefusal } from "./own-file-service.ts";
import { headersFor } from "./redirect.ts";
import { textBody } from "./request-body.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { type Answer, type OutgoingRequest, sendRequest } from "./send-request.ts";
import { ABORTED, isPassing, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "./transfer-options.ts";
import { PARTIAL_UPLOAD, readProgress, takesParts, type UploadProgress } from "./upload-fields.ts";

/** A smaller file is sent again faster than the server is asked what it can do. */
const WORTHWHILE = 1024 * 1024;
/** Requests in a row that bring hardly anything, and what is more than that. */
const MOST_VAIN = 5;
const LEAST_PROGRESS = 64 * 1024;

/** Whether to ask the server if it takes the file in parts: only an agent is known to do that. */
export function isWorthParts({ url, source }: LocatedTarget): boolean {
  return source.size >= WORTHWHILE && isOwnFile(url);
}

/**
 * Sends a file so that it goes on where it was when the connection breaks (draft-ietf-httpbis-resumable-upload). `undefined` when the
 * server does not take that.
 */
export async function uploadInParts(
  request: LocatedTarget,
  options: TransferOptions,
): Promise<Result<undefined, TransferFault> | undefined> {
  const offered = await converse({ url: request.url, method: "OPTIONS", headers: request.headers }, options);
  if (!offered.ok || !takesParts(offered.value.response.headers)) return undefined;
  const begun = await begin(request, options);
  return begun.ok ? await sendAll({ ...request, ...begun.value }, options) : begun;
}

/** Gives the URL of the upload. */
async function begin(
  { url, headers, source }: LocatedTarget,
  options: TransferOptions,
): Promise<Result<Pick<LocatedTarget, "url" | "headers">, TransferFault>> {
  const fields = { "upload-complete": "?0", "upload-length": String(source.size) };
  const body = textBody("", "application/octet-stream");
  const begun = await converse({ url, method: "PUT", headers: { ...headers, ...fields }, body }, options);
  if (!begun.ok) return begun;
  const { response } = begun.value;
  if (!response.ok) return err(uploadRefusal(response, url));
  const upload = URL.parse(response.headers.get("location") ?? "", url)?.href;
  if (upload === undefined) return err(fault("protocol", "The server began an upload and does not say where"));
  return ok({ url: upload, headers: headersFor(url, upload, headers) });
}

async function sendAll(upload: LocatedTarget, options: TransferOptions): Promise<Result<undefined, TransferFault>> {
  const { backoff } = options.policy ?? TRANSFER_POLICY;
  let offset = 0;
  for (let vain = 0; ; ) {
    const sent = await sendRest(upload, offset, options);
    if (sent.ok || !isPassing(sent.fault) || hasChanged(sent.fault)) return sent;
    const progress = await retryTransfer(() => askProgress(upload, options), options);
    if (!progress.ok) return progress;
    if (progress.value.isComplete) return ok();
    const reached = progress.value.offset ?? 0;
    vain = reached - offset >= LEAST_PROGRESS ? 0 : vain + 1;
    if (vain === MOST_VAIN) return sent;
    options.log.warn(
      `Error while uploading: ${describeFault(sent.fault)}. Resuming file upload at position=${reached}`,
    );
    if (vain > 0) await sleep(options.clock, backoffDelay(backoff, vain, options.random()), options.signal);
    if (options.signal.aborted) return err(ABORTED);
    offset = reached;
  }
}

/** Code `unavailable` when the server is at another offset. */
async function sendRest(
  { url, headers, source }: LocatedTarget,
  offset: number,
  options: TransferOptions,
): Promise<Result<undefined, TransferFault>> {
  const fields = { "upload-complete": "?1", "upload-offset": String(offset) };
  const body = restOfFile(source.path, { start: offset, etag: source.etag }, PARTIAL_UPLOAD);
  const sent = await converse(
    { url, method: "PATCH", headers: { ...headers, ...fields }, body },
    {
      ...options,
      onProgress: (done) => options.onProgress?.(offset + done, source.size),
    },
  );
  if (!sent.ok) return sent;
  const { response } = sent.value;
  if (response.ok) return ok();
  const refused = uploadRefusal(response, url);
  return err(response.status === 409 ? { ...refused, code: "unavailable" } : refused);
}

/** Code `refused` when the server does not know the upload any more. */
async function askProgress(
  { url, headers }: LocatedTarget,
  options: TransferOptions,
): Promise<Result<UploadProgress, TransferFault>> {
  const told = await converse({ url, method: "HEAD", headers }, options);
  if (!told.ok) return told;
  const { response } = told.value;
  return response.ok ? ok(readProgress(response.headers)) : err(uploadRefusal(response, url));
}

/** Sends a request whose answer is its head. */
async function converse(request: OutgoingRequest, options: TransferOptions): Promise<Result<Answer, TransferFault>> {
  const sent = await sendRequest(request, options);
  if (sent.ok) sent.value.end();
  return sent;
}
