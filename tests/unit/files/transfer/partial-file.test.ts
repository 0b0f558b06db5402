import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { openPartialFile, removeLeftPartials } from "../../../../src/files/transfer/partial-file.ts";
import { formatPartialName, parsePartialName, partialKey } from "../../../../src/files/transfer/partial-name.ts";
import { FROM_THE_START } from "../../../../src/files/transfer/resume.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";

const URL = "http://server/file";
/** A process that was there before the machine started. */
const GONE = `${process.pid}.1`;

let directory: TemporaryDirectory;
let target: string;

beforeEach(() => {
  directory = temporaryDirectory();
  target = join(directory.path, "target");
});

afterEach(() => directory[Symbol.dispose]());

function open(url = URL, clock = systemClock) {
  return openPartialFile(url, target, clock);
}

/** What a process left; it was written to `age` milliseconds ago. */
function leave(says: { kept: number; etag?: string; owner?: string; url?: string }, content = "", age = 0): string {
  const { kept, etag, owner = GONE, url = URL } = says;
  const path = join(directory.path, formatPartialName({ key: partialKey(url, target), owner, serial: 0, kept, etag }));
  writeFileSync(path, content);
  const time = (Date.now() - age) / 1_000;
  utimesSync(path, time, time);
  return path;
}

function names() {
  return readdirSync(directory.path).map((name) => parsePartialName(name));
}

describe("what a process that is gone left of a download", () => {
  test("is gone on with", async () => {
    leave({ kept: 4, etag: '"1"' }, "0123 and what was not safe yet");
    const file = await open();
    expect(file.found).toEqual({ written: 4, resumable: true, etag: '"1"' });
    await file.write(new TextEncoder().encode("45"), 4);
    await file.truncate(6);
    await file.commit(target);
    expect(readFileSync(target, "utf8")).toBe("012345");
    expect(readdirSync(directory.path)).toEqual(["target"]);
  });

  test("is not when it is of another URL, or could not be told from another version", async () => {
    leave({ kept: 4, etag: '"1"', url: "http://server/other" }, "0123");
    leave({ kept: 0 }, "0123");
    const file = await open();
    expect(file.found).toEqual(FROM_THE_START);
    await file.discard();
    expect(names()).toHaveLength(2);
  });

  test("is not while its process still runs", async () => {
    const first = await open();
    await first.write(new Uint8Array(4), 0);
    const second = await open();
    expect(second.found).toEqual(FROM_THE_START);
    expect(second.path()).not.toBe(first.path());
    await first.discard();
    await second.discard();
    expect(names()).toEqual([]);
  });

  test("waits an hour for that, and is removed then", async () => {
    const old = leave({ kept: 4, etag: '"1"' }, "0123", 3_601_000);
    const young = leave({ kept: 4, etag: '"2"' }, "0123", 3_000_000);
    const file = await open("http://server/third");
    const foreign = join(directory.path, ".tebus-foreign.part");
    writeFileSync(foreign, "");
    utimesSync(foreign, 0, 0);
    await removeLeftPartials(directory.path, systemClock);
    expect([old, young, file.path(), foreign].map((path) => existsSync(path))).toEqual([false, true, true, true]);
    await file.discard();
  });

  test("is nothing in a directory that is not there", async () => {
    await removeLeftPartials(join(directory.path, "missing"), systemClock);
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

describe("what is under way", () => {
  const point = (written: number, etag: string | null = '"1"', resumable = true) => ({ written, etag, resumable });
  const MIB = 1024 * 1024;
  let now: number;
  const clock = { ...systemClock, monotonic: () => now };

  beforeEach(() => {
    now = 0;
  });

  test("is readable for nobody else", async () => {
    const file = await open();
    expect(statSync(file.path()).mode & 0o777).toBe(0o600);
    await file.discard();
  });

  test("is kept after every 16 MiB, or every 10 s", async () => {
    const file = await open(URL, clock);
    await file.progress(point(16 * MIB - 1));
    expect(names()).toMatchObject([{ kept: 0 }]);
    await file.progress(point(16 * MIB));
    expect(names()).toMatchObject([{ kept: 16 * MIB, etag: '"1"' }]);
    now = 9_999;
    await file.progress(point(16 * MIB + 10));
    now = 10_000;
    await file.progress(point(16 * MIB + 20));
    expect(names()).toMatchObject([{ kept: 16 * MIB + 20 }]);
    await file.discard();
    expect(names()).toEqual([]);
  });

  test.each([
    ["a tag", point(32 * MIB, null)],
    ["a strong tag", point(32 * MIB, 'W/"1"')],
    ["a server that gives parts", point(32 * MIB, '"1"', false)],
  ])("is not kept without %s", async (_, at) => {
    const file = await open(URL, clock);
    await file.progress(at);
    expect(names()).toMatchObject([{ kept: 0, etag: undefined }]);
    await file.discard();
  });

  test("is not kept as the old version any more once another one overwrites it", async () => {
    const file = await open(URL, clock);
    await file.progress(point(32 * MIB));
    await file.progress(point(10, '"2"'));
    expect(names()).toMatchObject([{ kept: 10, etag: '"2"' }]);
    await file.progress(point(32 * MIB, '"2"'));
    await file.progress(point(20, null));
    expect(names()).toMatchObject([{ kept: 0, etag: undefined }]);
    await file.discard();
  });
});
