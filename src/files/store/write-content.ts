import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { diskFault } from "./disk-fault.ts";
import type { FileStoreFault } from "./store-fault.ts";
import type { UploadFile } from "./upload-file.ts";

/** Bytes of all uploads that wait in memory while the disk takes others, and the most and least of one; as many again are being written. */
const WAITING = 8 * 1024 * 1024;
const MOST_WAITING = 512 * 1024;
const LEAST_WAITING = 64 * 1024;
/** After so many bytes the disk is told to take them, so that the end of a large upload has little left to wait for. */
const FLUSH_EVERY = 32 * 1024 * 1024;

/** Uploads that are under way. */
let uploads = 0;

/** Called before bytes are written, with how many there are so far: a fault refuses them. `undefined` at once means that they are welcome. */
export type Admit<Refusal extends Fault> = (received: number) => Promise<Refusal | undefined> | undefined;

/**
 * Writes content into a file as it comes and gives how many bytes there were. The chunks are taken over: their memory is given back as
 * soon as they are written, not when garbage is collected, which would be 30 MB later. The disk is written to by threads of the runtime: a slow
 * one (`Bun.write` and Bun's file sink write on the thread of the event loop) holds up this upload, not the bus. What came before a
 * failure is in the file.
 */
export async function writeContent<Refusal extends Fault>(
  content: AsyncIterable<Uint8Array>,
  file: Pick<UploadFile, "write" | "flush">,
  admit: Admit<Refusal>,
): Promise<Result<number, FileStoreFault | Refusal>> {
  const writer = backgroundWriter(file);
  let received = 0;
  uploads += 1;
  try {
    for await (const chunk of tagged(content)) {
      if (chunk.byteLength === 0) continue;
      const asked = admit(received + chunk.byteLength);
      const refused = asked === undefined ? undefined : await asked;
      if (refused !== undefined) {
        await writer.end();
        return err(refused);
      }
      received += chunk.byteLength;
      await writer.add(chunk);
    }
    await writer.end();
    return ok(received);
  } catch (thrown) {
    const broken = await writer.end().catch((failure) => diskFault(failure));
    if (!(thrown instanceof Interruption)) return err(diskFault(thrown));
    return err(broken ?? fault("interrupted", "The content broke off", { cause: thrown.cause }));
  } finally {
    uploads -= 1;
  }
}

/** Large pieces cost least time; many uploads at once get smaller ones, so that they do not cost memory. */
function mayWait(bytes: number): boolean {
  return bytes < Math.min(MOST_WAITING, Math.max(LEAST_WAITING, WAITING / uploads));
}

interface BackgroundWriter {
  /** Waits only while too much is waiting already. Throws what the disk said to anything before. */
  add(chunk: Uint8Array): Promise<void> | undefined;
  /** Resolves once everything is written. */
  end(): Promise<void>;
}

/** Writes in the background: everything that comes while the disk is busy goes to it in one piece afterwards. */
function backgroundWriter(file: Pick<UploadFile, "write" | "flush">): BackgroundWriter {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let sinceFlush = 0;
  let writing: Promise<void> | undefined;
  let flushing: Promise<void> | undefined;
  let failure: { readonly thrown: unknown } | undefined;
  const fail = (thrown: unknown) => {
    failure ??= { thrown };
  };

  async function write(): Promise<void> {
    while (waiting.length > 0 && failure === undefined) {
      const [chunks, bytes] = [waiting, waitingBytes];
      waiting = [];
      waitingBytes = 0;
      await file.write(chunks);
      for (const chunk of chunks) release(chunk);
      sinceFlush += bytes;
      if (sinceFlush >= FLUSH_EVERY) await flush();
    }
  }

  /** One flush at a time: a disk that is slower than the network slows the upload down here. */
  async function flush(): Promise<void> {
    await flushing;
    sinceFlush = 0;
    flushing = file.flush().catch(fail);
  }

  function start(): void {
    writing ??= write()
      .catch(fail)
      .finally(() => {
        writing = undefined;
      });
  }

  async function settle(everything: boolean): Promise<void> {
    while (writing !== undefined && (everything || !mayWait(waitingBytes))) await writing;
    if (failure !== undefined) throw failure.thrown;
  }

  return {
    add(chunk) {
      waiting.push(chunk);
      waitingBytes += chunk.byteLength;
      start();
      return mayWait(waitingBytes) && failure === undefined ? undefined : settle(false);
    },
    async end() {
      await settle(true);
      await flushing;
      if (failure !== undefined) throw failure.thrown;
    },
  };
}

/** Gives the memory of a chunk back, unless it has it in common with others. */
function release(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) buffer.transfer(0);
}

/** Tells a source that broke off from a disk that failed. */
class Interruption extends Error {}

async function* tagged(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (thrown) {
    throw new Interruption("interrupted", { cause: thrown });
  }
}
