import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../../../src/base/clock.ts";
import { createFileStore, type FileStoreOptions } from "../../../../src/files/store/disk-file-store.ts";
import type { FileStore } from "../../../../src/files/store/file-store.ts";
import { recordedLog } from "../../http/recorded-log.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A clock that a test sets; timers are for the test to fire. */
export interface HandClock extends Clock {
  /** Both clocks go on. */
  pass(milliseconds: number): void;
  /** The wall clock is set. */
  set(now: number): void;
  /** Fires the timers that are due. */
  fire(): void;
}

export const DAY = 24 * 3_600_000;
/** 2026-01-01 */
export const NEW_YEAR = 1_767_225_600_000;

export function handClock(start = NEW_YEAR): HandClock {
  let [now, monotonic] = [start, 0];
  const timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  return {
    now: () => now,
    monotonic: () => monotonic,
    after(milliseconds, fire) {
      const timer = { at: monotonic + milliseconds, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(milliseconds) {
      now += milliseconds;
      monotonic += milliseconds;
    },
    set(time) {
      now = time;
    },
    fire() {
      for (const timer of [...timers]) {
        if (timer.at > monotonic) continue;
        timers.delete(timer);
        timer.fire();
      }
    },
  };
}

export interface StoreWorld extends Disposable {
  readonly root: string;
  /** The directory above the root. */
  readonly data: string;
  readonly store: FileStore;
  readonly clock: HandClock;
  readonly log: ReturnType<typeof recordedLog>;
  /** The process dies and another one opens the store. */
  restart(): Promise<void>;
  /** One round of looking after the store. */
  tend(): Promise<void>;
  /** Everything in the store but unfinished uploads. */
  files(): string[];
  read(path: string): string;
}

export async function storeWorld(options: Partial<FileStoreOptions> = {}, clock = handClock()): Promise<StoreWorld> {
  const data = temporaryDirectory();
  const root = join(data.path, "file-transfer");
  const log = recordedLog();
  const open = async () => {
    const opened = createFileStore({ root, log, clock, ...options });
    const result = await opened.open();
    if (!result.ok) throw new Error(result.fault.message);
    return opened;
  };
  let store = await open();
  return {
    root,
    data: data.path,
    clock,
    log,
    get store() {
      return store;
    },
    async restart() {
      store = await open();
    },
    async tend() {
      const stop = new AbortController();
      const tended = store.tend(stop.signal);
      stop.abort();
      await tended;
    },
    files: () =>
      readdirSync(root, { recursive: true })
        .map(String)
        .filter((path) => !path.startsWith(".tebus-uploads"))
        .sort(),
    read: (path) => readFileSync(join(root, path), "utf8"),
    [Symbol.dispose]: () => data[Symbol.dispose](),
  };
}

export async function* bytes(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}

/** Content of so many bytes, in pieces, that tells how much of it was asked for. */
export function counted(size: number, piece = 10_000) {
  let given = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    while (given < size) {
      const chunk = new Uint8Array(Math.min(piece, size - given));
      given += chunk.length;
      yield chunk;
    }
  }
  return { content: content(), given: () => given };
}
