import { fault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type OpenFile, openStored } from "../store/stored-file.ts";
import { guessMediaType } from "./media-type.ts";
import type { RequestBody } from "./request-body.ts";
import type { TransferFault } from "./transfer-fault.ts";

/** The content of a file, streamed; `type` is guessed from the extension when it is not given. */
export function fileBody(path: string, type: string = guessMediaType(path)): RequestBody {
  return {
    async open(onProgress) {
      const opened = await openSource(path);
      if (!opened.ok) return opened;
      const file = opened.value;
      const content = file.stream(0, file.size).pipeThrough(watchedPassage(onProgress));
      return ok({ content, type, size: file.size, close: () => file.close() });
    },
  };
}

/** The content of a file from `start` on; `hasChanged` when it is not the one any more that had this tag. */
export function restOfFile(
  path: string,
  { start, etag }: { readonly start: number; readonly etag: string },
  type: string,
): RequestBody {
  return {
    async open(onProgress) {
      const opened = await openSource(path);
      if (!opened.ok) return opened;
      const file = opened.value;
      if (file.etag !== etag) {
        await file.close();
        return err(fault("unavailable", `The file ${quoteText(path)} changed while it was sent`, CHANGED));
      }
      const content = file.stream(start, file.size).pipeThrough(watchedPassage(onProgress));
      return ok({ content, type, size: file.size - start, close: () => file.close() });
    },
  };
}

const CHANGED = { detail: { hasChanged: true } };

export function hasChanged({ detail }: TransferFault): boolean {
  return detail?.hasChanged === true;
}

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

/** Lets bytes through, put between `before` and `after`. */
export function watchedPassage(
  onProgress: (bytes: number) => void,
  before?: Uint8Array,
  after?: Uint8Array,
): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    start: (controller) => (before === undefined ? undefined : controller.enqueue(before)),
    transform(chunk, controller) {
      onProgress(chunk.byteLength);
      controller.enqueue(chunk);
    },
    flush: (controller) => (after === undefined ? undefined : controller.enqueue(after)),
  });
}
