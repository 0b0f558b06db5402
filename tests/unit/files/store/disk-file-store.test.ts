import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createLog } from "../../../../src/base/log.ts";
import { quoteText } from "../../../../src/base/quoted-text.ts";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import type { FileStore } from "../../../../src/files/store/file-store.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";

let data: TemporaryDirectory;
let root: string;
let store: FileStore;

beforeEach(async () => {
  data = temporaryDirectory();
  root = join(data.path, "file-transfer");
  store = createFileStore({ root, log: createLog("test") });
  await store.open();
});

afterEach(() => data[Symbol.dispose]());

async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}

async function* breakingOff(...chunks: string[]): AsyncGenerator<Uint8Array> {
  yield* bytes(...chunks);
  throw new Error("The connection was closed");
}

/** Everything below the data directory, for "nothing was touched". */
function tree(): string[] {
  return readdirSync(data.path, { recursive: true }).map(String).sort();
}

function mode(path: string): number {
  return statSync(path).mode & 0o7777;
}

describe("put", () => {
  test("a file appears under its name with its content, and nothing beside it", async () => {
    const stored = await store.put("a/b/c.txt", bytes("one ", "two"));
    expect(stored).toMatchObject({ ok: true, value: { path: join(root, "a/b/c.txt"), size: 7 } });
    expect(readFileSync(join(root, "a/b/c.txt"), "utf8")).toBe("one two");
    expect(tree()).toEqual(["file-transfer", "file-transfer/a", "file-transfer/a/b", "file-transfer/a/b/c.txt"]);
  });

  test("empty content makes an empty file", async () => {
    expect(await store.put("empty", bytes())).toMatchObject({ ok: true, value: { size: 0 } });
  });

  test("while content arrives a reader sees the old file whole", async () => {
    await store.put("x", bytes("old"));
    async function* watched(): AsyncGenerator<Uint8Array> {
      yield* bytes("new");
      expect(readFileSync(join(root, "x"), "utf8")).toBe("old");
    }
    await store.put("x", watched());
    expect(readFileSync(join(root, "x"), "utf8")).toBe("new");
  });

  test("content that breaks off leaves the old file and no trace", async () => {
    await store.put("x", bytes("old"));
    const before = tree();
    expect(await store.put("x", breakingOff("ne"))).toMatchObject({ ok: false, fault: { code: "interrupted" } });
    expect(await store.put("new/dir/y", breakingOff("ne"))).toMatchObject({ ok: false });
    expect(readFileSync(join(root, "x"), "utf8")).toBe("old");
    expect(tree()).toEqual(before);
  });

  test("a failed upload takes away no directory that others made", async () => {
    mkdirSync(join(root, "kept"));
    await store.put("kept/made/y", breakingOff());
    expect(tree()).toEqual(["file-transfer", "file-transfer/kept"]);
  });

  test("of uploads to one name at the same time one wins whole", async () => {
    async function* many(letter: string): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 50; count += 1) {
        yield new TextEncoder().encode(letter.repeat(1000));
        await Promise.resolve();
      }
    }
    const results = await Promise.all(["a", "b", "c"].map((letter) => store.put("dir/same", many(letter))));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(readFileSync(join(root, "dir/same"), "utf8")).toMatch(/^(a{50000}|b{50000}|c{50000})$/);
    expect(readdirSync(join(root, "dir"))).toEqual(["same"]);
  });

  test("a directory, and the store itself, are no target", async () => {
    mkdirSync(join(root, "dir"));
    for (const path of ["dir", "dir/", "a/..", "."]) {
      expect(await store.put(path, bytes("x"))).toMatchObject({
        fault: { code: "is-directory", message: `Cannot upload: "${path}" is a directory, not a file` },
      });
    }
  });

  test("an upload below a file fails and changes nothing", async () => {
    await store.put("f", bytes("file"));
    chmodSync(join(root, "f"), 0o640);
    for (const path of ["f/x", "f/x/y"]) {
      expect(await store.put(path, bytes("x"))).toMatchObject({
        fault: {
          code: "impossible",
          message: `Invalid file path: "${path}": a file is in the place of a directory`,
        },
      });
    }
    expect(mode(join(root, "f"))).toBe(0o640);
    expect(tree()).toEqual(["file-transfer", "file-transfer/f"]);
  });

  test("a name with NUL and a name that is too long fail and leave nothing", async () => {
    for (const [path, reason] of [
      ["a\0b", "it holds a NUL"],
      ["new/a\0b", "it holds a NUL"],
      ["x".repeat(256), "a name is too long"],
      [`new/${"x".repeat(256)}`, "a name is too long"],
    ] as const) {
      const message = `Invalid file path: ${quoteText(path)}: ${reason}`;
      expect(await store.put(path, bytes("x"))).toMatchObject({ fault: { code: "impossible", message } });
      const missing = path.includes("/") && !path.includes("\0");
      for (const look of [store.find, store.read]) {
        expect(await look(path)).toMatchObject({
          fault: missing ? { code: "not-found" } : { code: "impossible", message },
        });
      }
    }
    expect(tree()).toEqual(["file-transfer"]);
  });

  test("the longest name that the file system takes can be stored", async () => {
    expect(await store.put("x".repeat(255), bytes("x"))).toMatchObject({ ok: true });
  });

  test("missing parents get 0755 whatever the umask, and the direct parent is set back to it", async () => {
    const umask = process.umask(0o077);
    try {
      await store.put("a/b/c", bytes("x"));
      expect([mode(join(root, "a")), mode(join(root, "a/b"))]).toEqual([0o755, 0o755]);
      expect(mode(join(root, "a/b/c"))).toBe(0o600);
      chmodSync(join(root, "a/b"), 0o700);
      await store.put("a/b/c", bytes("x"));
      expect(mode(join(root, "a/b"))).toBe(0o755);
    } finally {
      process.umask(umask);
    }
  });

  test("a file that is replaced keeps its mode", async () => {
    await store.put("f", bytes("x"));
    chmodSync(join(root, "f"), 0o604);
    await store.put("f", bytes("y"));
    expect(mode(join(root, "f"))).toBe(0o604);
  });

  test("a store that somebody removed is made again", async () => {
    rmSync(root, { recursive: true });
    expect(await store.put("x", bytes("x"))).toMatchObject({ ok: true });
  });
});

describe("outside", () => {
  test("no method reaches a path outside, and the fault shows the path as it was asked for", async () => {
    writeFileSync(join(data.path, "secret"), "secret");
    mkdirSync(join(data.path, "file-transfer-x"));
    const before = tree();
    for (const path of [
      "../secret",
      "a/../../secret",
      join(data.path, "secret"),
      "../file-transfer-x/y",
      '/"x"',
      "..",
    ]) {
      const refused = {
        ok: false,
        fault: { code: "outside", message: `Invalid file path: ${JSON.stringify(path)}` },
      } as const;
      expect(await store.put(path, bytes("x"))).toEqual(refused);
      expect(await store.find(path)).toEqual(refused);
      expect(await store.read(path)).toEqual(refused);
      expect(await store.remove(path)).toEqual(refused);
    }
    expect(tree()).toEqual(before);
    expect(readFileSync(join(data.path, "secret"), "utf8")).toBe("secret");
  });

  test("whatever paths are put, found and removed, nothing outside the store changes", async () => {
    writeFileSync(join(data.path, "secret"), "secret");
    const segment = fc.constantFrom(
      "..",
      ".",
      "",
      "a",
      "b",
      "secret",
      "file-transfer",
      "file-transfer-x",
      "\0",
      data.path,
    );
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 6 }), async (segments) => {
        const path = segments.join("/");
        await store.put(path, bytes("x"));
        const found = await store.find(path);
        if (found.ok) expect(found.value.path).toStartWith(`${root}/`);
        await store.remove(path);
        expect(readdirSync(data.path).sort()).toEqual(["file-transfer", "secret"]);
        expect(readFileSync(join(data.path, "secret"), "utf8")).toBe("secret");
      }),
      { numRuns: 200 },
    );
  });

  test("an upload in progress can be neither read, replaced nor removed under its temporary name", async () => {
    async function* peeking(): AsyncGenerator<Uint8Array> {
      yield* bytes("half");
      const [temporary = ""] = readdirSync(root);
      expect(temporary).toStartWith(".");
      expect(await store.read(temporary)).toMatchObject({ fault: { code: "outside" } });
      expect(await store.put(`./${temporary}`, bytes("x"))).toMatchObject({ fault: { code: "outside" } });
      expect(await store.remove(`${temporary}/`)).toMatchObject({ fault: { code: "outside" } });
      yield* bytes(" whole");
    }
    await store.put("x", peeking());
    expect(readFileSync(join(root, "x"), "utf8")).toBe("half whole");
  });
});

describe("find and read", () => {
  test("the entity tag stays with the content and changes with every upload", async () => {
    await store.put("x", bytes("same"));
    const first = await store.find("x");
    expect(await store.find("./x/")).toEqual(first);
    await store.put("x", bytes("same"));
    const second = await store.find("x");
    expect(first.ok && second.ok && first.value.etag !== second.value.etag).toBe(true);
    expect(first.ok && /^"[!#-~]+"$/.test(first.value.etag)).toBe(true);
  });

  test("the tag that an upload gives is the tag that a reader gets", async () => {
    const put = await store.put("x", bytes("content"));
    expect(await store.find("x")).toEqual(put);
  });

  test("what is missing, a directory, or below a file is not found", async () => {
    await store.put("dir/f", bytes("x"));
    for (const path of ["none", "dir", "dir/", ".", "dir/f/x"]) {
      const notFound = { ok: false, fault: { code: "not-found", message: `File not found: "${path}"` } } as const;
      expect(await store.find(path)).toEqual(notFound);
      expect(await store.read(path)).toEqual(notFound);
    }
  });

  test("an open file gives the part asked for, and its own content also after it was replaced", async () => {
    await store.put("x", bytes("0123456789"));
    const opened = await store.read("x");
    if (!opened.ok) throw new Error("not open");
    await store.put("x", bytes("replaced"));
    expect(await new Response(opened.value.stream(2, 5)).text()).toBe("234");
  });

  test("a part that fits into memory comes at once", async () => {
    await store.put("x", bytes("0123456789"));
    const opened = await store.read("x");
    expect(opened.ok && new TextDecoder().decode(await opened.value.bytes(2, 5))).toBe("234");
    const cut = await store.read("x");
    writeFileSync(join(root, "x"), "01");
    await expect(cut.ok ? cut.value.bytes(0, 10) : undefined).rejects.toThrow("cut short");
  });

  test("content larger than one read comes whole", async () => {
    const text = "0123456789abcdef".repeat(60_000);
    await store.put("big", bytes(text));
    const opened = await store.read("big");
    expect(opened.ok && (await new Response(opened.value.stream(0, opened.value.size)).text())).toBe(text);
  });

  test("a file that somebody cuts short while it is read ends in an error, not early", async () => {
    await store.put("x", bytes("0123456789"));
    const opened = await store.read("x");
    if (!opened.ok) throw new Error("not open");
    writeFileSync(join(root, "x"), "01");
    await expect(new Response(opened.value.stream(0, 10)).text()).rejects.toThrow("cut short");
  });
});

describe("remove", () => {
  test("a file goes with the directories that it leaves empty, the store stays", async () => {
    await store.put("a/b/c", bytes("x"));
    await store.put("a/d", bytes("x"));
    expect(await store.remove("a/b/c")).toEqual({ ok: true, value: true });
    expect(tree()).toEqual(["file-transfer", "file-transfer/a", "file-transfer/a/d"]);
    await store.remove("a/d");
    expect(tree()).toEqual(["file-transfer"]);
  });

  test("nothing there is no failure", async () => {
    expect(await store.remove("no/thing")).toEqual({ ok: true, value: false });
  });

  test("a directory is refused, a path below a file is impossible", async () => {
    await store.put("dir/f", bytes("x"));
    expect(await store.remove("dir/")).toMatchObject({
      fault: { code: "is-directory", message: 'Cannot delete: "dir/" is a directory, not a file' },
    });
    expect(await store.remove("dir/f/x")).toMatchObject({ fault: { code: "impossible" } });
  });

  test("uploads and removals of neighbours at the same time all succeed", async () => {
    const jobs = Array.from({ length: 60 }, async (_, index) => {
      const put = await store.put(`shared/dir/${index}`, bytes("x"));
      return put.ok && (await store.remove(`shared/dir/${index}`)).ok;
    });
    expect(await Promise.all(jobs)).not.toContain(false);
    expect(tree()).toEqual(["file-transfer"]);
  });
});

describe("links", () => {
  test("an upload to a link replaces its target, also one that is not there yet", async () => {
    mkdirSync(join(data.path, "cache"));
    symlinkSync("../cache/target", join(root, "link"));
    for (const text of ["first", "second"]) {
      expect(await store.put("link", bytes(text))).toMatchObject({
        ok: true,
        value: { path: join(data.path, "cache/target") },
      });
      expect(readFileSync(join(data.path, "cache/target"), "utf8")).toBe(text);
    }
    expect(lstatSync(join(root, "link")).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(data.path, "cache"))).toEqual(["target"]);
    expect(await store.find("link")).toMatchObject({ value: { path: join(data.path, "cache/target") } });
  });

  test("removing a link leaves its target", async () => {
    writeFileSync(join(data.path, "target"), "x");
    symlinkSync(join(data.path, "target"), join(root, "link"));
    expect(await store.remove("link")).toEqual({ ok: true, value: true });
    expect(tree()).toEqual(["file-transfer", "target"]);
  });

  test("links in a circle, and a link to a device, fail", async () => {
    symlinkSync("loop", join(root, "loop"));
    symlinkSync("/dev/null", join(root, "device"));
    for (const path of ["loop", "device"]) {
      expect(await store.put(path, bytes("x"))).toMatchObject({ fault: { code: "io" } });
    }
    expect(await store.find("device")).toMatchObject({ fault: { code: "not-found" } });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a directory that a link leads to keeps its mode", async () => {
    mkdirSync(join(data.path, "elsewhere"), { mode: 0o700 });
    symlinkSync("../elsewhere", join(root, "dir"));
    await store.put("dir/x", bytes("x"));
    await store.remove("dir/x");
    expect(mode(join(data.path, "elsewhere"))).toBe(0o700);
  });
});

describe("looking after the store", () => {
  const STALE = ".tebus-01234567-89ab-cdef-0123-456789abcdef.part";

  test("what uploads of a crashed process left is removed, in the store and beside the targets of its links", async () => {
    mkdirSync(join(root, "a/b"), { recursive: true });
    mkdirSync(join(data.path, "cache"));
    symlinkSync("../../cache/target", join(root, "a/link"));
    for (const directory of ["file-transfer", "file-transfer/a/b", "cache"]) {
      writeFileSync(join(data.path, directory, STALE), "half");
      writeFileSync(join(data.path, directory, ".hidden"), "kept");
    }
    expect(await store.open()).toEqual({ ok: true, value: undefined });
    const stop = new AbortController();
    const tended = store.tend(stop.signal);
    stop.abort();
    await tended;
    expect(tree().filter((path) => path.endsWith(".part"))).toEqual([]);
    expect(tree().filter((path) => path.endsWith(".hidden"))).toHaveLength(3);
  });

  test("a store that cannot be made is a fault that names it", async () => {
    writeFileSync(join(data.path, "file"), "");
    const other = createFileStore({ root: join(data.path, "file/store"), log: createLog("test") });
    expect(await other.open()).toMatchObject({ fault: { code: "io", message: expect.stringContaining("file/store") } });
  });
});
