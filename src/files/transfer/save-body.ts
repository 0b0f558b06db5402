import { fileFault } from "../../base/atomic-file.ts";
import { fault } from "../../base/fault.ts";
import type { PartialFile } from "./partial-file.ts";
import type { ResumePoint } from "./resume.ts";
import type { Answer } from "./send-request.ts";
import { ABORTED, requestFault, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "./transfer-options.ts";

export interface Placement {
  readonly at: number;
  /** Size of the whole file, if known. */
  readonly total: number | undefined;
  /** What to go on from should the body break off at once. */
  readonly next: ResumePoint;
}

export interface SavedBody {
  /** Bytes from the start of the file that are there now. */
  readonly written: number;
  /** Code `network` when the body broke off. */
  readonly fault?: TransferFault;
}

/** A body that brings fewer bytes within the idle timeout stands still: a server may trickle bytes to hold its clients. */
const LEAST_PROGRESS = 256;

/** Writes a body to its place as it comes. */
export async function saveBody(
  file: PartialFile,
  { url, response, watchdog }: Answer,
  { at, total, next }: Placement,
  options: TransferOptions,
): Promise<SavedBody> {
  const { idleTimeout } = options.policy ?? TRANSFER_POLICY;
  let written = at;
  let fedAt = at;
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      let chunk: Uint8Array | undefined;
      try {
        chunk = (await reader.read()).value;
      } catch (thrown) {
        return { written, fault: options.signal.aborted ? ABORTED : requestFault(thrown, url) };
      }
      if (chunk === undefined) break;
      await file.write(chunk, written);
      written += chunk.byteLength;
      await file.progress({ ...next, written });
      if (written - fedAt >= LEAST_PROGRESS) {
        fedAt = written;
        watchdog.feed(idleTimeout);
      }
      options.onProgress?.(written, total);
    }
  } catch (thrown) {
    const { code, message, cause } = fileFault("Error while saving to file", thrown);
    return { written, fault: fault(code === "disk-full" ? code : "io", message, { cause }) };
  } finally {
    reader?.releaseLock();
  }
  if (total === undefined || written >= total) return { written };
  return { written, fault: fault("network", `The body ended after ${written} of ${total} bytes`) };
}
