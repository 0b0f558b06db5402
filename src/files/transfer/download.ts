import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute } from "node:path";
import { fileFault } from "../../base/atomic-file.ts";
import { describeFault, fault, toFault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { checkDigest } from "./check-digest.ts";
import { makeRoom } from "./make-room.ts";
import { openPartialFile, type PartialFile, removeLeftPartials } from "./partial-file.ts";
import { contentLength, continueWith, FROM_THE_START, resumeOffset } from "./resume.ts";
import { retryTransfer } from "./retry-transfer.ts";
import { saveBody } from "./save-body.ts";
import { type Answer, sendRequest } from "./send-request.ts";
import { checkUrl, statusFault, type TransferFault } from "./transfer-fault.ts";
import type { TransferOptions } from "./transfer-options.ts";

export interface DownloadRequest {
  readonly url: string;
  /** Absolute path of the file; missing directories above it are made. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the file has to be, in hex; code `checksum` when it is not. */
  readonly sha256?: string;
}

/** What was put under the target. */
export interface Downloaded {
  /** Entity tag of the last answer, quotes included; `null` when it had none. */
  readonly etag: string | null;
}

/** Requests of one download, each with its own retries: the first and four that go on after the body broke off. */
const MOST_REQUESTS = 5;

/**
 * Puts what `url` serves under `target`, whole or not at all, with mode 0600. A transfer that breaks off goes on where it was when the
 * server can do that and the file is still the same (spec/http-api §7.1), also when another process began it and was killed.
 */
export async function download(
  request: DownloadRequest,
  options: TransferOptions,
): Promise<Result<Downloaded, TransferFault>> {
  const refused = checkUrl(request.url) ?? (await checkTarget(request.target));
  if (refused !== undefined) return err(refused);
  const directory = dirname(request.target);
  let file: PartialFile | undefined;
  try {
    await mkdir(directory, { recursive: true });
    await removeLeftPartials(directory, options.clock);
    file = await openPartialFile(request.url, request.target, options.clock);
    const filled = await fill(file, request, options);
    if (!filled.ok) return filled;
    await file.truncate(filled.value.size);
    const wrong = request.sha256 === undefined ? undefined : await checkDigest(file.path(), request.sha256);
    if (wrong !== undefined) return err(wrong);
    await file.commit(request.target);
    return ok({ etag: filled.value.etag });
  } catch (thrown) {
    return err(targetFault(request.target, thrown));
  } finally {
    await file?.discard();
  }
}

/** Gives the size of the file and its tag. Throws what the operating system says. */
async function fill(
  file: PartialFile,
  request: DownloadRequest,
  options: TransferOptions,
): Promise<Result<Downloaded & { readonly size: number }, TransferFault>> {
  let point = file.found;
  let last: TransferFault = fault("network", "The file kept changing while it was downloaded");
  for (let requests = 1; requests <= MOST_REQUESTS; requests += 1) {
    const answered = await requestPart(request, resumeOffset(point), options);
    if (!answered.ok) return answered;
    const answer = answered.value;
    try {
      const continuation = continueWith(point, answer.response);
      if (continuation.kind === "fail") return err(fault("protocol", continuation.reason));
      if (continuation.kind === "restart") {
        options.log.info("Could not resume download, restarting");
        point = FROM_THE_START;
        continue;
      }
      const announced = contentLength(answer.response.headers) ?? 0;
      const end = continuation.at + announced;
      const full = announced > 0 ? await makeRoom(file, end, options.clock) : undefined;
      if (full !== undefined) return err(full);
      if (continuation.at > 0) options.log.info(`Resuming file download at position=${continuation.at}`);
      const saved = await saveBody(file, answer, continuation, options);
      if (saved.fault === undefined) return ok({ size: saved.written, etag: continuation.next.etag });
      if (saved.fault.code !== "network") return err(saved.fault);
      last = saved.fault;
      point = { ...continuation.next, written: saved.written };
      options.log.warn(`Error while downloading response: ${describeFault(last)}`);
    } finally {
      answer.end();
    }
  }
  return err(last);
}

/** One request with its own retries. The answer is 2xx, or 416 to a request for a part. */
async function requestPart(
  { url, headers }: DownloadRequest,
  offset: number,
  options: TransferOptions,
): Promise<Result<Answer, TransferFault>> {
  const range = offset === 0 ? {} : { range: `bytes=${offset}-` };
  return await retryTransfer(async () => {
    const sent = await sendRequest({ url, headers: { ...headers, ...range } }, options);
    if (!sent.ok) return sent;
    const { ok: fine, status, statusText } = sent.value.response;
    if (fine || (status === 416 && offset > 0)) return sent;
    sent.value.end();
    return err(statusFault(status, statusText, sent.value.url));
  }, options);
}

async function checkTarget(target: string): Promise<TransferFault | undefined> {
  if (!isAbsolute(target)) return fault("invalid-target", "Path can't be relative");
  if (target.endsWith("/") || [".", "..", ""].includes(basename(target))) {
    return fault("invalid-target", "Does not name a valid file");
  }
  try {
    const present = await stat(target);
    if (!present.isFile()) return fault("invalid-target", "Does not name a valid file");
    const writable = (present.mode & 0o222) !== 0 && (await access(target, constants.W_OK).then(yes, no));
    return writable ? undefined : fault("io", `No write access to ${quoteText(target)}`);
  } catch (thrown) {
    return toFault(thrown).code === "ENOENT" ? undefined : targetFault(target, thrown);
  }
}

const yes = () => true;
const no = () => false;

function targetFault(target: string, thrown: unknown): TransferFault {
  const { code, message, cause } = fileFault(`Cannot write ${quoteText(target)}`, thrown);
  return fault(code === "disk-full" ? code : "io", message, { cause });
}
