import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";

export interface StoredFile {
  /** Absolute path on disk. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Strong entity tag, quotes included (RFC 9110 §8.8.3). */
  readonly etag: string;
}

/** A stored file that is held open: what is read from it belongs to its etag, also when the file is replaced meanwhile. */
export interface OpenFile extends StoredFile {
  /** The bytes from `start` up to but without `end`; closes the file at the end and when it is cancelled. Call it once. */
  stream(start: number, end: number): ReadableStream<Uint8Array>;
  /** The same at once, for a part that fits into memory. */
  bytes(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** For a file that is neither streamed nor read; may be called twice. */
  close(): Promise<void>;
}

/** Bytes in memory for all files that are being streamed, and the most and least for one. */
const STREAMS = 4 * 1024 * 1024;
const LARGEST_CHUNK = 256 * 1024;
const SMALLEST_CHUNK = 32 * 1024;

/** Files that are being streamed. */
let streams = 0;

/** What is at `path`, links followed, with its real path; `undefined` when it is not a regular file. Throws what the operating system says. */
export async function statStored(path: string): Promise<StoredFile | undefined> {
  const real = await realpath(path);
  const stats = await stat(real, { bigint: true });
  return stats.isFile() ? describeStored(real, stats) : undefined;
}

/** Like `statStored`, and holds the file open; `path` stays as it was given. */
export async function openStored(path: string): Promise<OpenFile | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat({ bigint: true });
    if (stats.isFile()) {
      return {
        ...describeStored(path, stats),
        stream: (start, end) => streamPart(file, start, end),
        bytes: (start, end) => readPart(file, start, end),
        close: () => file.close(),
      };
    }
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  await file.close();
  return undefined;
}

export function describeStored(path: string, stats: BigIntStats): StoredFile {
  return {
    path,
    size: Number(stats.size),
    modified: Number(stats.mtimeMs),
    etag: `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}"`,
  };
}

/** Large pieces cost least time; many slow readers at once get smaller ones, so that they do not cost memory. */
function streamPart(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let position = start;
  let isOpen = true;
  streams += 1;
  const close = async () => {
    if (isOpen) streams -= 1;
    isOpen = false;
    await file.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = Math.min(LARGEST_CHUNK, Math.max(SMALLEST_CHUNK, Math.floor(STREAMS / streams)));
          const wanted = Math.min(chunk, end - position);
          const { bytesRead, buffer } = await file.read(new Uint8Array(wanted), 0, wanted, position);
          if (wanted > 0 && bytesRead === 0) throw cutShort();
          position += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (position < end) return;
          controller.close();
        } catch (thrown) {
          controller.error(thrown);
        }
        await close();
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}

async function readPart(file: FileHandle, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  try {
    for (let read = 0; read < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, start + read);
      if (bytesRead === 0) throw cutShort();
      read += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

function cutShort(): Error {
  return new Error("The file was cut short while it was read");
}
