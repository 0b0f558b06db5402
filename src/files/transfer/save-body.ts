import { fileFault } from "../../base/atomic-file.ts";
import { fault } from "../../base/fault.ts";
import type { TemporaryFile } from "../temporary-file.ts";
import type { Answer } from "./send-request.ts";
import { ABORTED, requestFault, type TransferFault } from "./transfer-fault.ts";
import { TRANSFER_POLICY, type TransferOptions } from "./transfer-options.ts";

export interface Placement {
  readonly at: number;
  /** Size of the whole file, if known. */
  readonly total: number | undefined;
}

export interface SavedBody {
  /** Bytes from the start of the file that are there now. */
  readonly written: number;
  /** Code `network` when the body broke off. */
  readonly fault?: TransferFault;
}

/** Writes a body to its place as it comes. */
export async function saveBody(
  file: TemporaryFile,
  { response, watchdog }: Answer,
  { at, total }: Placement,
  options: TransferOptions,
): Promise<SavedBody> {
  const { idleTimeout } = options.policy ?? TRANSFER_POLICY;
  let written = at;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    let chunk: Uint8Array | undefined;
    try {
      chunk = (await reader.read()).value;
    } catch (thrown) {
      return { written, fault: options.signal.aborted ? ABORTED : requestFault(thrown, response.url) };
    }
    if (chunk === undefined) break;
    watchdog.feed(idleTimeout);
    try {
      await file.write(chunk, written);
    } catch (thrown) {
      const { code, message, cause } = fileFault("Error while saving to file", thrown);
      return { written, fault: fault(code === "disk-full" ? code : "io", message, { cause }) };
    }
    written += chunk.byteLength;
  }
  if (total === undefined || written >= total) return { written };
  return { written, fault: fault("network", `The body ended after ${written} of ${total} bytes`) };
}
