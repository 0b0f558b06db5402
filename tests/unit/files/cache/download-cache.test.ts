import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok } from "../../../../src/base/result.ts";
import {
  cacheKey,
  createDownloadCache,
  type DownloadCache,
  type DownloadCacheOptions,
  TRUSTED,
} from "../../../../src/files/cache/download-cache.ts";
import { download } from "../../../../src/files/transfer/download.ts";
import { recordedLog } from "../../http/recorded-log.ts";
import { answer, scriptedServer, type Turn } from "../scripted-server.ts";
import { type HandClock, handClock, NEW_YEAR } from "../store/store-world.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";
import { POLICY } from "../transfer-clock.ts";

let directory: TemporaryDirectory;
let clock: HandClock;
let cache: DownloadCache;
let limit: number;
const stop = new AbortController().signal;

beforeEach(async () => {
  directory = temporaryDirectory();
  clock = handClock();
  limit = 1_000_000;
  cache = await open();
});

afterEach(() => directory[Symbol.dispose]());

async function open(options: Partial<DownloadCacheOptions> = {}): Promise<DownloadCache> {
  const log = recordedLog();
  const opened = createDownloadCache({
    directory: directory.path,
    limit: async () => limit,
    download: (request, signal) => download(request, { clock, random: () => 0.5, log, signal, policy: POLICY }),
    clock,
    log,
    ...options,
  });
  expect(await opened.open()).toEqual(ok());
  return opened;
}

/** The content that the cache has for a URL, or why it has none. */
async function get(url: string, sha256?: string): Promise<string> {
  const got = await cache.withFile({ url, ...(sha256 === undefined ? {} : { sha256 }) }, stop, async (path) =>
    ok(readFileSync(path, "utf8")),
  );
  return got.ok ? got.value : `${got.fault.code}: ${got.fault.message}`;
}

const digest = (content: string) => createHash("sha256").update(content).digest("hex");
const fine = (content: string, etag?: string): Turn => answer("200 OK", etag === undefined ? {} : { etag }, content);
const unchanged = answer("304 Not Modified", {}, "");
const files = () => readdirSync(directory.path).sort();

describe("a file of the cache", () => {
  test("is named by the SHA-256 of its URL", async () => {
    await using server = await scriptedServer(fine("content"));
    expect(await get(server.url)).toBe("content");
    expect(files()).toEqual([digest(server.url), `${digest(server.url)}.json`]);
    expect(cacheKey(server.url)).toBe(digest(server.url));
  });

  test("is downloaded once for all who want it at the same time", async () => {
    await using server = await scriptedServer(fine("content"));
    const got = await Promise.all(Array.from({ length: 200 }, () => get(server.url)));
    expect([new Set(got), server.requests.length]).toEqual([new Set(["content"]), 1]);
  });

  test("fails once for all who want it at the same time", async () => {
    await using server = await scriptedServer(answer("404 Not Found", {}, ""));
    const got = await Promise.all([get(server.url), get(server.url), get(server.url)]);
    expect(new Set(got)).toEqual(
      new Set([`refused: HTTP status client error (404 Not Found) for url (${server.url})`]),
    );
    expect([server.requests.length, files()]).toEqual([1, []]);
  });

  test("is used without asking for a while, then anew when the server tells no tag", async () => {
    await using server = await scriptedServer(fine("old"), fine("new"));
    expect(await get(server.url)).toBe("old");
    clock.pass(TRUSTED - 1);
    expect([await get(server.url), server.requests.length]).toEqual(["old", 1]);
    clock.pass(1);
    expect([await get(server.url), server.requests.length]).toEqual(["new", 2]);
  });

  test("is kept as long as the server says that its tag is still the same", async () => {
    await using server = await scriptedServer(fine("old", '"1"'), unchanged, fine("new", '"2"'));
    await get(server.url);
    clock.pass(TRUSTED);
    expect(await get(server.url)).toBe("old");
    clock.pass(TRUSTED);
    expect(await get(server.url)).toBe("new");
    expect(server.requests.map(({ headers }) => headers.get("if-none-match"))).toEqual([undefined, '"1"', '"1"']);
  });

  test("needs no server when the digest proves it", async () => {
    await using server = await scriptedServer(fine("content"));
    expect(await get(server.url, digest("content").toUpperCase())).toBe("content");
    clock.pass(TRUSTED);
    expect([await get(server.url, digest("content")), server.requests.length]).toEqual(["content", 1]);
  });

  test("is asked for again when the digest is another one, and refused if it still is", async () => {
    await using server = await scriptedServer(fine("old", '"1"'), fine("new", '"2"'), unchanged);
    await get(server.url);
    expect(await get(server.url, digest("new"))).toBe("new");
    expect(await get(server.url, digest("other"))).toBe(
      `checksum: The SHA-256 of what was downloaded is ${digest("new")}, not ${digest("other")}`,
    );
  });

  test("is not what it was when somebody removed or changed it", async () => {
    await using server = await scriptedServer(fine("first", '"1"'), fine("second", '"1"'), fine("third", '"1"'));
    await get(server.url);
    rmSync(join(directory.path, cacheKey(server.url)));
    expect(await get(server.url)).toBe("second");
    writeFileSync(join(directory.path, cacheKey(server.url)), "changed here");
    expect(await get(server.url, digest("second"))).toBe(
      `checksum: The SHA-256 of what was downloaded is ${digest("third")}, not ${digest("second")}`,
    );
    expect(server.requests.map(({ headers }) => headers.has("if-none-match"))).toEqual([false, false, false]);
  });

  test("stays for those who wait when the one who asked first leaves, and is given up when all have left", async () => {
    const aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let downloads = 0;
    cache = await open({
      async download({ target }, signal) {
        downloads += 1;
        if (downloads === 1) {
          begun.resolve();
          await release.promise;
          writeFileSync(target, "content");
          return ok({ etag: null });
        }
        signal.addEventListener("abort", () => aborted.resolve());
        await aborted.promise;
        return err(fault("aborted", "Stopped"));
      },
    });
    const [first, second] = [new AbortController(), new AbortController()];
    const use = async (path: string) => ok(readFileSync(path, "utf8"));
    const one = cache.withFile({ url: "http://a/" }, first.signal, use);
    const two = cache.withFile({ url: "http://a/" }, second.signal, use);
    await begun.promise;
    first.abort();
    expect(await one).toMatchObject({ fault: { code: "aborted" } });
    release.resolve();
    expect([await two, downloads]).toEqual([ok("content"), 1]);

    const third = cache.withFile({ url: "http://b/" }, second.signal, use);
    await new Promise(setImmediate);
    second.abort();
    expect(await third).toMatchObject({ fault: { code: "aborted" } });
    await aborted.promise;
  });
});

describe("a cache of an earlier process", () => {
  test("is gone on with: its files are good if the server says so", async () => {
    await using server = await scriptedServer(fine("content", '"1"'), unchanged);
    await get(server.url);
    cache = await open();
    expect([await get(server.url), server.requests.length]).toEqual(["content", 2]);
  });

  test("does not trust what is written about another content", async () => {
    await using server = await scriptedServer(fine("old", '"1"'), fine("new", '"2"'));
    await get(server.url);
    writeFileSync(join(directory.path, cacheKey(server.url)), "what a crash left");
    cache = await open();
    expect(await get(server.url, digest("old"))).toContain("checksum");
    expect(server.requests[1]?.headers.has("if-none-match")).toBe(false);
  });

  test("loses what a crash left of replacing, and what is written about nothing or badly", async () => {
    const key = cacheKey("http://a/");
    writeFileSync(join(directory.path, `.${key}.json.17.0.tmp`), "{");
    writeFileSync(join(directory.path, `${key}.json`), "{}");
    await using server = await scriptedServer(fine("content"));
    await get(server.url);
    writeFileSync(join(directory.path, `${cacheKey(server.url)}.json`), "{broken");
    cache = await open();
    expect(files()).toEqual([cacheKey(server.url)]);
  });
});

describe("the limit", () => {
  test("removes what was used longest ago, but nothing that has a name elsewhere", async () => {
    await using server = await scriptedServer(fine("0123456789"));
    const urls = ["a", "b", "c"].map((name) => `${server.url}?${name}`);
    for (const url of urls) await get(url);
    const [a = "", b = "", c = ""] = urls.map((url) => join(directory.path, cacheKey(url)));
    [a, b, c].forEach((path, hours) => {
      utimesSync(`${path}.json`, NEW_YEAR / 1_000, NEW_YEAR / 1_000 + hours * 3_600);
    });
    linkSync(a, join(directory.path, "used"));
    limit = 20;
    await cache.trim();
    const left = () => files().filter((name) => /^[0-9a-f]{64}$/.test(name));
    expect(left()).toEqual([a, c].map((path) => path.slice(-64)).sort());
    limit = 0;
    await cache.trim();
    expect(left()).toEqual([a.slice(-64)]);
    rmSync(join(directory.path, "used"));
    await cache.trim();
    expect(files()).toEqual([]);
  });

  test("does not take a file from somebody who is about to use it", async () => {
    await using server = await scriptedServer(fine("content"));
    limit = 0;
    const used = await cache.withFile({ url: server.url }, stop, async (path) => {
      await cache.trim();
      return ok(readFileSync(path, "utf8"));
    });
    expect(used).toEqual(ok("content"));
  });

  test("gives way to a full disk: everything unused goes, then the download is tried once more", async () => {
    let full = true;
    cache = await open({
      async download({ url, target }) {
        if (url.endsWith("large") && full) {
          full = false;
          return err(fault("disk-full", "Not enough disk space"));
        }
        writeFileSync(target, url);
        return ok({ etag: null });
      },
    });
    await get("http://a/small");
    expect(await get("http://a/large")).toBe("http://a/large");
    expect(files()).toEqual([cacheKey("http://a/large"), `${cacheKey("http://a/large")}.json`]);
    full = true;
    expect(await get("http://b/large")).toBe("http://b/large");
    full = true;
    rmSync(directory.path, { recursive: true });
    expect(await get("http://c/large")).toStartWith("not-found: Cannot use the cache");
  });
});
