import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { type FileFaultCode, fileFault } from "../../base/atomic-file.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

type SinkFault = Fault<FileFaultCode | "too-large">;

/** A file that the output of a process goes to. */
export interface Sink {
  /** `false` once there is too much, or the disk refuses it. */
  readonly take: (bytes: Uint8Array) => Promise<boolean>;
  /** Closes the file and, unless it is to be kept and is whole, removes it. The fault says why it is not whole. */
  close(keep: boolean): Promise<Result<undefined, SinkFault>>;
}

/** Makes the file anew, mode 0600; a link that somebody else put there is not followed. */
export async function openSink(path: string, limit: number): Promise<Result<Sink, Fault<FileFaultCode>>> {
  const opened = await openNew(path);
  if (!opened.ok) return opened;
  const file = opened.value;
  let size = 0;
  let refusal: SinkFault | undefined;
  return ok({
    async take(bytes) {
      size += bytes.length;
      try {
        if (size > limit) refusal = fault("too-large", `There is more than ${limit} bytes of output`);
        else await file.writeFile(bytes);
      } catch (thrown) {
        refusal = fileFault(`Cannot write ${path}`, thrown);
      }
      return refusal === undefined;
    },
    async close(keep) {
      await file.close();
      if (!keep || refusal !== undefined) await rm(path, { force: true }).catch(() => undefined);
      return refusal === undefined ? ok() : err(refusal);
    },
  });
}

async function openNew(path: string): Promise<Result<FileHandle, Fault<FileFaultCode>>> {
  try {
    await rm(path, { force: true });
    return ok(await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
  } catch (thrown) {
    return err(fileFault(`Cannot write ${path}`, thrown));
  }
}
