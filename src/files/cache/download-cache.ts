import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { fileFault, replaceFile } from "../../base/atomic-file.ts";
import type { Clock } from "../../base/clock.ts";
import { type Fault, fault } from "../../base/fault.ts";
import { keyedLock } from "../../base/keyed-lock.ts";
import type { Log } from "../../base/log.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { createPins } from "../store/pins.ts";
import type { Downloaded, DownloadRequest } from "../transfer/download.ts";
import { type CacheEntry, describeCached, formatCacheEntry, isOf, parseCacheEntry } from "./cache-entry.ts";
import { chooseEvictions } from "./choose-evictions.ts";
import { sharedFlights } from "./shared-flights.ts";

/** What is wanted from the cache. */
export interface CacheRequest {
  readonly url: string;
  /** What the file has to be, in hex; code `checksum` when it is not. */
  readonly sha256?: string;
}

/** Files that were downloaded, as `<directory>/<SHA-256 of the URL>`, to be given to many (spec/operations §10). */
export interface DownloadCache {
  /** Makes the directory, and takes up what an earlier process left there. */
  open(): Promise<Result<undefined>>;
  /**
   * Gets the file of a URL and has it used: it stays as it is until `use` is done. However many want it at the same time, it is downloaded
   * once; an older copy is used without asking for `TRUSTED` milliseconds, or for as long as the digest proves it, and afterwards if the
   * server says by its entity tag that it is still the same.
   */
  withFile<T>(
    request: CacheRequest,
    signal: AbortSignal,
    use: (path: string) => Promise<Result<T>>,
  ): Promise<Result<T>>;
  /** Removes what was used longest ago until the limit is kept. A file with a name elsewhere too is in use, and stays. */
  trim(): Promise<void>;
}

export interface DownloadCacheOptions {
  /** `<data.path>/cache` */
  readonly directory: string;
  /** Bytes that the files may take up together, as long as they are not in use. */
  readonly limit: () => Promise<number>;
  readonly download: (request: DownloadRequest, signal: AbortSignal) => Promise<Result<Downloaded>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for which a server is not asked again. */
export const TRUSTED = 300_000;

interface Known {
  readonly entry: CacheEntry;
  /** Milliseconds of the monotonic clock at which the server was last asked. */
  readonly asked: number;
}

export function createDownloadCache(options: DownloadCacheOptions): DownloadCache {
  const { directory, clock, log } = options;
  const known = new Map<string, Known>();
  const flights = sharedFlights<undefined>();
  const lock = keyedLock();
  /** Keys of files that somebody is about to use. */
  const claims = createPins();
  const contentPath = (key: string) => join(directory, key);
  const entryPath = (key: string) => join(directory, `${key}.json`);

  async function fetchOnce(key: string, url: string, signal: AbortSignal): Promise<Result<undefined>> {
    const before = known.get(key)?.entry;
    const target = contentPath(key);
    const conditional = before?.etag == null ? {} : { headers: { "if-none-match": before.etag } };
    const request = { url, target, ...conditional };
    let done = await options.download(request, signal);
    if (!done.ok && done.fault.code === "disk-full" && (await makeRoom()) > 0) {
      done = await options.download(request, signal);
    }
    if (!done.ok) return before !== undefined && isUnchanged(done.fault) ? remember(key, before) : done;
    const entry = await describeCached(target, done.value.etag, await digestOf(target));
    const written = await replaceFile(entryPath(key), formatCacheEntry(entry), { mode: 0o600 });
    if (!written.ok) log.warn("A downloaded file will have to be downloaded again after a restart", written.fault);
    return remember(key, entry);
  }

  function remember(key: string, entry: CacheEntry): Result<undefined> {
    known.set(key, { entry, asked: clock.monotonic() });
    return ok();
  }

  const fetchLocked = (key: string, url: string) => (signal: AbortSignal) =>
    lock.hold(key, async () => {
      try {
        return await fetchOnce(key, url, signal);
      } catch (thrown) {
        return err(fileFault(`Cannot use the cache ${directory}`, thrown));
      }
    });

  /** Whether what is there can be given away without asking anybody. What somebody else changed is forgotten. */
  async function isGood(key: string, wanted: string | undefined): Promise<boolean> {
    const found = known.get(key);
    if (found === undefined) return false;
    const file = await stat(contentPath(key), { bigint: true }).catch(() => undefined);
    if (file === undefined || !isOf(found.entry, file)) {
      if (!flights.has(key) && known.get(key) === found) known.delete(key);
      return false;
    }
    return wanted === undefined ? clock.monotonic() - found.asked < TRUSTED : found.entry.sha256 === wanted;
  }

  /** Everything that nobody uses goes; gives the number of files. */
  function makeRoom(): Promise<number> {
    return evictDownTo(0);
  }

  async function evictDownTo(limit: number): Promise<number> {
    const files = await listFiles(directory);
    let removed = 0;
    for (const { key } of chooseEvictions(files, limit)) {
      if (claims.has(key)) continue;
      await lock.hold(key, async () => {
        if (claims.has(key) || (await stat(contentPath(key))).nlink > 1) return;
        known.delete(key);
        await rm(entryPath(key), { force: true });
        await rm(contentPath(key), { force: true });
        removed += 1;
      });
    }
    return removed;
  }

  return {
    async open() {
      try {
        await mkdir(directory, { recursive: true });
        for (const name of await readdir(directory)) {
          if (isLeftover(name)) await rm(join(directory, name), { force: true });
          const key = ENTRY.exec(name)?.[1];
          if (key === undefined) continue;
          const file = await stat(contentPath(key), { bigint: true }).catch(() => undefined);
          const entry = file && parseCacheEntry(await readFile(entryPath(key), "utf8"), file);
          if (entry === undefined) await rm(entryPath(key), { force: true });
          else known.set(key, { entry, asked: Number.NEGATIVE_INFINITY });
        }
        return ok();
      } catch (thrown) {
        return err(fileFault(`Cannot use the cache ${directory}`, thrown));
      }
    },

    async withFile({ url, sha256 }, signal, use) {
      const key = cacheKey(url);
      const wanted = sha256?.toLowerCase();
      const release = claims.pin(key);
      try {
        if (!(await isGood(key, wanted))) {
          const landed = await flights.join(key, signal, fetchLocked(key, url));
          if (!landed.ok) return landed;
        }
        return await lock.hold(key, async () => {
          const entry = known.get(key)?.entry;
          if (entry === undefined) return err(fault("io", "The downloaded file was removed meanwhile"));
          if (wanted !== undefined && entry.sha256 !== wanted) return err(wrongContent(entry.sha256, wanted));
          const now = clock.now() / 1_000;
          await utimes(entryPath(key), now, now).catch(() => undefined);
          return await use(contentPath(key));
        });
      } finally {
        release();
      }
    },

    async trim() {
      try {
        await evictDownTo(await options.limit());
      } catch (thrown) {
        log.warn("Downloaded files cannot be looked after", fileFault(`Cannot use the cache ${directory}`, thrown));
      }
    },
  };
}

/** The name of the file of a URL (spec/operations §8.2, §10). */
export function cacheKey(url: string): string {
  return createHash("sha256").update(url).digest("hex");
}

const KEY = /^[0-9a-f]{64}$/;
const ENTRY = /^([0-9a-f]{64})\.json$/;

/** What a crash left of the replacing of an entry. */
function isLeftover(name: string): boolean {
  return /^\.[0-9a-f]{64}\.json\.\d+\.\d+\.tmp$/.test(name);
}

async function listFiles(directory: string) {
  const keys = (await readdir(directory)).filter((name) => KEY.test(name));
  const files = [];
  for (const key of keys) {
    const content = await stat(join(directory, key)).catch(() => undefined);
    const entry = await stat(join(directory, `${key}.json`)).catch(() => undefined);
    if (content?.isFile() !== true) continue;
    files.push({ key, size: content.size, used: (entry ?? content).mtimeMs, isInUse: content.nlink > 1 });
  }
  return files;
}

function isUnchanged({ detail }: Fault): boolean {
  return detail?.status === 304;
}

function wrongContent(actual: string, wanted: string): Fault {
  return fault("checksum", `The SHA-256 of what was downloaded is ${actual}, not ${wanted}`);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
