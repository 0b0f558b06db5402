import { fault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { OpenFile } from "../store/file-store.ts";
import { openStored } from "../store/stored-file.ts";
import type { TransferFault } from "./transfer-fault.ts";

/** Opens a file to be sent. The fault is final: `Can't open a file "<path>"`, with the reason of the system. */
export async function openSource(path: string): Promise<Result<OpenFile, TransferFault>> {
  const message = `Can't open a file ${quoteText(path)}`;
  try {
    const file = await openStored(path);
    return file === undefined ? err(fault("io", message, { cause: new Error("Not a regular file") })) : ok(file);
  } catch (thrown) {
    return err(fault("io", message, { cause: thrown }));
  }
}

/** The whole file as the body of a request; `onProgress` is called whenever a part was taken. */
export function watchedBody(file: OpenFile, onProgress: () => void): ReadableStream<Uint8Array> {
  const watched = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onProgress();
      controller.enqueue(chunk);
    },
  });
  return file.stream(0, file.size).pipeThrough(watched);
}
