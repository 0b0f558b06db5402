import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { MOST_UPLOADS } from "../../../../src/files/store/partial-keeper.ts";
import type { AppendedPart, UploadPart } from "../../../../src/files/store/partial-uploads.ts";
import { bytes, DAY, NEW_YEAR, type StoreWorld, storeWorld } from "./store-world.ts";

const KB = 1024;
const HOUR = 3_600_000;

let world: StoreWorld;

beforeEach(async () => {
  world = await storeWorld({ limit: { kind: "bytes", bytes: 200 * KB, text: "200k" } });
});

afterEach(() => world[Symbol.dispose]());

function stream(...chunks: readonly (string | Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) return controller.close();
      if (next instanceof Error) return controller.error(next);
      controller.enqueue(typeof next === "string" ? new TextEncoder().encode(next) : next);
    },
  });
}

/** Content that never ends; `seen` resolves when it is read. */
function silence(first: string) {
  const seen = Promise.withResolvers<void>();
  let isFirst = true;
  const content = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (!isFirst) {
          seen.resolve();
          return new Promise(() => undefined);
        }
        isFirst = false;
        return controller.enqueue(new TextEncoder().encode(first));
      },
    },
    { highWaterMark: 0 },
  );
  return { content, seen: seen.promise };
}

const EMPTY: UploadPart = { content: null, contentLength: 0, length: undefined };

function part(offset: number, text: string, more: Partial<AppendedPart> = {}): AppendedPart {
  return { content: stream(text), contentLength: text.length, length: undefined, offset, isLast: false, ...more };
}

async function begin(path = "a/f", first: UploadPart = EMPTY): Promise<string> {
  const created = await world.store.uploads.create(path, first);
  if (!created.ok) throw new Error(created.fault.message);
  return created.value.id;
}

/** Names of all that is kept of unfinished uploads. */
function kept(): string[] {
  try {
    return readdirSync(join(world.root, ".tebus-uploads")).sort();
  } catch {
    return [];
  }
}

describe("an upload in several requests", () => {
  test("becomes a file when the client says that it is all, and no trace of it is seen before", async () => {
    const { uploads } = world.store;
    const id = await begin("a/f", { content: stream("one "), contentLength: 4, length: 11 });
    expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 4, length: 11, isComplete: false } });
    expect(await uploads.append("a/f", id, part(4, "two "))).toMatchObject({
      value: { kind: "open", upload: { offset: 8 } },
    });
    expect([world.files(), await world.store.find("a/f")]).toMatchObject([[], { ok: false }]);
    const stored = await uploads.append("a/f", id, part(8, "six", { isLast: true }));
    expect(stored).toMatchObject({ value: { kind: "stored", upload: { isComplete: true }, file: { size: 11 } } });
    expect(world.read("a/f")).toBe("one two six");
    const found = await world.store.find("a/f");
    expect(found.ok && stored.ok && stored.value.kind === "stored" && found.value).toEqual(
      stored.ok && stored.value.kind === "stored" ? stored.value.file : false,
    );
    expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 11, length: 11, isComplete: true } });
    expect(await uploads.append("a/f", id, part(11, "x"))).toMatchObject({ fault: { code: "completed" } });
  });

  test("may be empty, and may be ended by an empty part", async () => {
    const { uploads } = world.store;
    const empty = await begin("empty");
    expect(await uploads.append("empty", empty, { ...EMPTY, offset: 0, isLast: true })).toMatchObject({ ok: true });
    const id = await begin("f");
    await uploads.append("f", id, part(0, "all"));
    expect(await uploads.append("f", id, { ...EMPTY, offset: 3, isLast: true })).toMatchObject({
      value: { kind: "stored" },
    });
    expect([world.read("empty"), world.read("f")]).toEqual(["", "all"]);
  });

  test("goes on where it broke off, not where the client thinks", async () => {
    const { uploads } = world.store;
    const id = await begin();
    const broken = { content: stream("one ", new Error("closed")), contentLength: 100, length: undefined };
    expect(await uploads.append("a/f", id, { ...broken, offset: 0, isLast: true })).toMatchObject({
      fault: { code: "interrupted" },
    });
    expect(await uploads.append("a/f", id, part(3, "two", { isLast: true }))).toMatchObject({
      fault: { code: "offset-mismatch", detail: { expected: 4, provided: 3 } },
    });
    // Its Content-Length told the length of the whole.
    expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 4, length: 100 } });
    expect(await uploads.append("a/f", id, part(4, "two", { isLast: true }))).toMatchObject({
      fault: { code: "length-mismatch" },
    });
    expect(await uploads.append("a/f", id, part(4, "y".repeat(96), { isLast: true }))).toMatchObject({ ok: true });
    expect(world.read("a/f")).toBe(`one ${"y".repeat(96)}`);
  });

  test("that brings more than was told is given up", async () => {
    const { uploads } = world.store;
    const id = await begin("a/f", { ...EMPTY, length: 5 });
    const long = { content: stream("1234", "5678"), contentLength: undefined, length: undefined };
    expect(await uploads.append("a/f", id, { ...long, offset: 0, isLast: true })).toMatchObject({
      fault: { code: "length-mismatch" },
    });
    expect(await uploads.find("a/f", id)).toMatchObject({ fault: { code: "unknown" } });
    expect([kept(), world.files(), world.store.usage().used]).toEqual([[], [], 0]);
  });

  test("that ends before what was told goes on", async () => {
    const { uploads } = world.store;
    const id = await begin("a/f", { ...EMPTY, length: 5 });
    const short = { content: stream("123"), contentLength: undefined, length: undefined };
    expect(await uploads.append("a/f", id, { ...short, offset: 0, isLast: true })).toMatchObject({
      fault: { code: "length-mismatch", message: "The upload was said to have 5 bytes in all, and has 3" },
    });
    expect(await uploads.append("a/f", id, part(3, "45", { isLast: true }))).toMatchObject({ ok: true });
  });

  test("is known under its path only, in whatever spelling", async () => {
    const { uploads } = world.store;
    const id = await begin("a/f");
    expect(await uploads.find("a/g", id)).toMatchObject({ fault: { code: "unknown" } });
    expect(await uploads.append("a/g", id, part(0, "x"))).toMatchObject({ fault: { code: "unknown" } });
    expect(await uploads.cancel("a/g", id)).toMatchObject({ fault: { code: "unknown" } });
    expect(await uploads.find("a/f", "other")).toMatchObject({ fault: { code: "unknown" } });
    expect(await uploads.find("./a//b/../f/", id)).toMatchObject({ ok: true });
  });

  test("can be cancelled", async () => {
    const { uploads } = world.store;
    const id = await begin("a/f", { content: stream("x"), contentLength: 1, length: undefined });
    expect(await uploads.cancel("a/f", id)).toEqual({ ok: true, value: undefined });
    expect(await uploads.find("a/f", id)).toMatchObject({ fault: { code: "unknown" } });
    expect([kept(), world.store.usage().used]).toEqual([[], 0]);
  });

  test("is taken over by a later request, even from one whose client is silent", async () => {
    const { uploads } = world.store;
    const id = await begin();
    const { content, seen } = silence("one ");
    const first = uploads.append("a/f", id, { ...EMPTY, content, contentLength: 100, offset: 0, isLast: false });
    await seen;
    const [found, ended] = [await uploads.find("a/f", id), await first];
    expect(ended).toMatchObject({ fault: { code: "superseded" } });
    expect(found).toMatchObject({ value: { offset: 4 } });
    expect(await uploads.append("a/f", id, part(4, "two", { isLast: true }))).toMatchObject({ ok: true });
    expect(world.read("a/f")).toBe("one two");
  });

  test("is worked on by one request at a time, of which the last wins", async () => {
    const { uploads } = world.store;
    const id = await begin();
    const results = await Promise.all(["1", "2", "3", "4"].map((text) => uploads.append("a/f", id, part(0, text))));
    const codes = results.map((result) => (result.ok ? "ok" : result.fault.code));
    expect(codes.filter((code) => code === "ok")).toHaveLength(1);
    expect(codes.every((code) => ["ok", "superseded", "offset-mismatch"].includes(code))).toBe(true);
    expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 1 } });
  });

  test("whose first request breaks off leaves nothing, since nobody knows of it", async () => {
    const broken = { content: stream("one", new Error("closed")), contentLength: 10, length: undefined };
    expect(await world.store.uploads.create("a/f", broken)).toMatchObject({ fault: { code: "interrupted" } });
    expect([kept(), world.store.usage().used]).toEqual([[], 0]);
  });
});

describe("where it becomes a file", () => {
  test("the condition that was set at the beginning has to hold", async () => {
    const { uploads } = world.store;
    const created = await uploads.create("a/f", EMPTY, { noneMatch: "*" });
    if (!created.ok) throw new Error("refused");
    await world.store.put("a/f", bytes("other"));
    expect(await uploads.append("a/f", created.value.id, part(0, "mine", { isLast: true }))).toMatchObject({
      fault: { code: "precondition-failed", detail: { isComplete: true } },
    });
    expect([world.read("a/f"), kept()]).toEqual(["other", []]);
    expect(await uploads.create("a/f", EMPTY, { noneMatch: "*" })).toMatchObject({
      fault: { code: "precondition-failed" },
    });
  });

  test("a directory is refused, at once and when it came meanwhile", async () => {
    const { uploads } = world.store;
    mkdirSync(join(world.root, "dir"));
    expect(await uploads.create("dir", EMPTY)).toMatchObject({ fault: { code: "is-directory" } });
    expect(await uploads.create("../x", EMPTY)).toMatchObject({ fault: { code: "outside" } });
    await world.store.put("file", bytes("x"));
    expect(await uploads.create("file/x", EMPTY)).toMatchObject({ fault: { code: "impossible" } });
    const id = await begin("later");
    mkdirSync(join(world.root, "later"));
    expect(await uploads.append("later", id, part(0, "x", { isLast: true }))).toMatchObject({
      fault: { code: "is-directory", detail: { isComplete: true } },
    });
    expect(kept()).toEqual([]);
  });

  test("a file in the way of its directory can be removed, and the end be asked for again", async () => {
    const { uploads } = world.store;
    const id = await begin("dir/f");
    await world.store.put("dir", bytes("in the way"));
    expect(await uploads.append("dir/f", id, part(0, "x", { isLast: true }))).toMatchObject({ fault: { code: "io" } });
    expect(await uploads.find("dir/f", id)).toMatchObject({ value: { offset: 1, isComplete: false } });
    await world.store.remove("dir");
    expect(await uploads.append("dir/f", id, { ...EMPTY, offset: 1, isLast: true })).toMatchObject({ ok: true });
  });

  test("a file that is replaced keeps its mode, a new one gets that of others, and a link is followed", async () => {
    const { uploads } = world.store;
    await world.store.put("f", bytes("old"));
    chmodSync(join(world.root, "f"), 0o604);
    writeFileSync(join(world.data, "target"), "old");
    symlinkSync("../target", join(world.root, "link"));
    for (const path of ["f", "link", "new"]) {
      const id = await begin(path);
      expect(await uploads.append(path, id, part(0, path, { isLast: true }))).toMatchObject({ ok: true });
    }
    await world.store.put("plain", bytes("x"));
    const mode = (path: string) => statSync(join(world.root, path)).mode & 0o777;
    expect([mode("f"), mode("new")]).toEqual([0o604, mode("plain")]);
    expect(readFileSync(join(world.data, "target"), "utf8")).toBe("link");
  });

  test("neighbours that are removed at the same time take no directory away from it", async () => {
    const jobs = Array.from({ length: 40 }, async (_, index) => {
      const path = `shared/dir/${index}`;
      const id = await begin(path);
      const stored = await world.store.uploads.append(path, id, part(0, "x", { isLast: true }));
      return stored.ok && (await world.store.remove(path)).ok;
    });
    expect(await Promise.all(jobs)).not.toContain(false);
    expect(world.files()).toEqual([]);
  });

  test("no request reaches what is kept of uploads", async () => {
    await begin();
    const [first = ""] = kept();
    for (const path of [
      ".tebus-uploads",
      `.tebus-uploads/${first}`,
      `a/../.tebus-uploads/${first}`,
      ".tebus-uploads/x",
    ]) {
      expect(await world.store.read(path)).toMatchObject({ fault: { code: "outside" } });
      expect(await world.store.put(path, bytes("x"))).toMatchObject({ fault: { code: "outside" } });
      expect(await world.store.remove(path)).toMatchObject({ fault: { code: "outside" } });
      expect(await world.store.uploads.create(path, EMPTY)).toMatchObject({ fault: { code: "outside" } });
    }
  });
});

describe("the room for files", () => {
  test("counts what came of unfinished uploads, over a restart too, and each file once when they end", async () => {
    const id = await begin("f", {
      content: stream(new Uint8Array(100 * KB)),
      contentLength: 100 * KB,
      length: undefined,
    });
    expect(world.store.usage().used).toBe(100 * KB);
    await world.restart();
    await world.tend();
    expect(world.store.usage().used).toBe(100 * KB);
    await world.store.uploads.append("f", id, { ...EMPTY, offset: 100 * KB, isLast: true });
    expect(world.store.usage().used).toBe(100 * KB);
    await world.tend();
    expect(world.store.usage().used).toBe(100 * KB);
  });

  test("is asked for before content comes: for all of it, and for each part", async () => {
    const { uploads } = world.store;
    expect(await uploads.create("f", { ...EMPTY, length: 300 * KB })).toMatchObject({ fault: { code: "no-room" } });
    expect(kept()).toEqual([]);
    const id = await begin("f", { ...EMPTY, length: 150 * KB });
    await world.store.put("other", stream(new Uint8Array(100 * KB)));
    const large = { content: stream(new Uint8Array(150 * KB)), length: undefined, offset: 0, isLast: true };
    expect(await uploads.append("f", id, { ...large, contentLength: 150 * KB })).toMatchObject({
      fault: { code: "no-room" },
    });
    expect(await uploads.find("f", id)).toMatchObject({ value: { offset: 0 } });
  });

  test("that ends in mid-part ends the part, not the upload", async () => {
    const { uploads } = world.store;
    const id = await begin("f");
    await world.store.put("other", stream(new Uint8Array(100 * KB)));
    const pieces = Array.from({ length: 15 }, () => new Uint8Array(10 * KB));
    const large = { content: stream(...pieces), contentLength: undefined, length: undefined, offset: 0, isLast: true };
    expect(await uploads.append("f", id, large)).toMatchObject({ fault: { code: "no-room" } });
    const found = await uploads.find("f", id);
    const offset = found.ok ? found.value.offset : 0;
    expect(offset).toBe(100 * KB);
    await world.store.remove("other");
    expect(
      await uploads.append("f", id, {
        ...EMPTY,
        content: stream(...pieces.slice(10)),
        contentLength: undefined,
        offset,
        isLast: true,
      }),
    ).toMatchObject({ value: { kind: "stored", file: { size: 150 * KB } } });
  });
});

describe("an upload that nothing happens to", () => {
  test("is given up after a day, and that is told", async () => {
    const id = await begin("a/f", { content: stream("x"), contentLength: 1, length: undefined });
    const other = await begin("a/g");
    world.clock.pass(DAY - HOUR);
    expect(await world.store.uploads.find("a/g", other)).toMatchObject({ value: { maxAge: 3_600 } });
    expect(await world.store.uploads.find("a/g", other)).toMatchObject({ value: { maxAge: 86_400 } });
    world.clock.pass(2 * HOUR);
    await world.tend();
    expect(await world.store.uploads.find("a/f", id)).toMatchObject({ fault: { code: "unknown" } });
    expect(await world.store.uploads.find("a/g", other)).toMatchObject({ ok: true });
    expect(kept()).toEqual([`${other}.data`, `${other}.json`]);
    expect(world.log.lines).toEqual(['info: Removed the unfinished upload of "a/f": nothing came for a day']);
  });

  test("gets no younger by a restart", async () => {
    const id = await begin("a/f");
    const long = (NEW_YEAR - 2 * DAY) / 1_000;
    for (const name of kept()) utimesSync(join(world.root, ".tebus-uploads", name), long, long);
    await world.restart();
    await world.tend();
    expect(await world.store.uploads.find("a/f", id)).toMatchObject({ fault: { code: "unknown" } });
    expect(kept()).toEqual([]);
  });

  test("makes way for a new one when there are too many, after an hour; one that is complete at once", async () => {
    const { uploads } = world.store;
    world[Symbol.dispose]();
    world = await storeWorld();
    const ids: string[] = [];
    for (let index = 0; index < MOST_UPLOADS; index += 1) ids.push(await begin(`f${index}`));
    expect(await world.store.uploads.create("more", EMPTY)).toMatchObject({ fault: { code: "too-many" } });
    expect(kept()).toHaveLength(2 * MOST_UPLOADS);
    await world.store.uploads.append("f7", ids[7] ?? "", part(0, "x", { isLast: true }));
    await begin("more");
    expect(await world.store.uploads.find("f7", ids[7] ?? "")).toMatchObject({ ok: false });
    expect(await world.store.uploads.create("more", EMPTY)).toMatchObject({ fault: { code: "too-many" } });
    world.clock.pass(HOUR + 1);
    await world.store.uploads.find("f0", ids[0] ?? "");
    await begin("more");
    expect(await world.store.uploads.find("f0", ids[0] ?? "")).toMatchObject({ ok: true });
    expect(await world.store.uploads.find("f1", ids[1] ?? "")).toMatchObject({ ok: false });
    expect(uploads).not.toBe(world.store.uploads);
  });
});

describe("after a crash", () => {
  test("an upload goes on with what is on disk", async () => {
    const id = await begin("a/f", { content: stream("one "), contentLength: 4, length: 7 });
    // The process died while more was being written.
    writeFileSync(join(world.root, ".tebus-uploads", `${id}.data`), "one tw");
    await world.restart();
    const { uploads } = world.store;
    expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 6, length: 7, isComplete: false } });
    expect(await uploads.append("a/f", id, part(6, "o", { isLast: true }))).toMatchObject({ ok: true });
    expect(world.read("a/f")).toBe("one two");
  });

  test("one that was about to become a file can be ended again; one that had become one is complete", async () => {
    for (const isMoved of [false, true]) {
      const id = await begin("a/f", { content: stream("all"), contentLength: 3, length: undefined });
      const record = join(world.root, ".tebus-uploads", `${id}.json`);
      const before = JSON.parse(readFileSync(record, "utf8"));
      writeFileSync(record, JSON.stringify({ ...before, length: 3, state: "storing" }));
      if (isMoved) rmSync(join(world.root, ".tebus-uploads", `${id}.data`));
      await world.restart();
      const { uploads } = world.store;
      expect(await uploads.find("a/f", id)).toMatchObject({ value: { offset: 3, length: 3, isComplete: isMoved } });
      const end = await uploads.append("a/f", id, { ...EMPTY, offset: 3, isLast: true });
      expect(end).toMatchObject(isMoved ? { fault: { code: "completed" } } : { value: { kind: "stored" } });
    }
  });

  test("what makes no sense is removed", async () => {
    await begin();
    const directory = join(world.root, ".tebus-uploads");
    const id = kept()[0]?.split(".")[0] ?? "";
    writeFileSync(join(directory, `${id}.json`), '{"path":1}');
    writeFileSync(join(directory, "orphan.data"), "x");
    writeFileSync(join(directory, "orphan2.json"), '{"path":"a/f","state":"open"}');
    writeFileSync(join(directory, "half.json"), '{"path":"a/');
    await world.restart();
    expect(kept()).toEqual([]);
    expect(world.store.usage().used).toBe(0);
  });

  test("at whatever request it comes, nothing that was acknowledged is lost", async () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 5_000 }), breaks: fc.boolean(), crashes: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const whole = Uint8Array.from({ length: 40_000 }, (_, index) => index % 253);
        const id = await begin("dir/f");
        let acknowledged = 0;
        for (const { bytes: size, breaks, crashes } of steps) {
          const content = whole.slice(acknowledged, acknowledged + size);
          const chunks = breaks ? [content, new Error("closed")] : [content];
          const sent = { ...EMPTY, content: stream(...chunks), contentLength: undefined };
          const appended = await world.store.uploads.append("dir/f", id, {
            ...sent,
            offset: acknowledged,
            isLast: false,
          });
          expect(appended.ok).toBe(!breaks);
          if (crashes) await world.restart();
          const found = await world.store.uploads.find("dir/f", id);
          if (!found.ok) throw new Error("lost");
          expect(found.value.offset).toBeGreaterThanOrEqual(acknowledged + (breaks ? 0 : size));
          acknowledged = found.value.offset;
        }
        const rest = { ...EMPTY, content: stream(whole.slice(acknowledged)), contentLength: undefined };
        const stored = await world.store.uploads.append("dir/f", id, { ...rest, offset: acknowledged, isLast: true });
        expect(stored.ok).toBe(true);
        expect(new Uint8Array(readFileSync(join(world.root, "dir/f")))).toEqual(whole);
        await world.store.remove("dir/f");
      }),
      { numRuns: 25 },
    );
    expect(world.store.usage().used).toBe(0);
  });
});
