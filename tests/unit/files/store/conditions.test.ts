import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brokenPrecondition, type Precondition } from "../../../../src/files/store/precondition.ts";
import { bytes, type StoreWorld, storeWorld } from "./store-world.ts";

const FILE = { path: "/x", size: 1, modified: 0, etag: '"a"' };

test.each<[Precondition | undefined, typeof FILE | undefined, string | undefined]>([
  [undefined, FILE, undefined],
  [undefined, undefined, undefined],
  [{ match: "*" }, FILE, undefined],
  [{ match: ['"b"', '"a"'] }, FILE, undefined],
  [{ match: "*" }, undefined, 'Precondition failed: "p" does not exist'],
  [{ match: ['"a"'] }, undefined, 'Precondition failed: "p" does not exist'],
  [{ match: ['"b"'] }, FILE, 'Precondition failed: "p" has been changed, its entity tag is "a"'],
  [{ match: ['W/"a"'] }, FILE, 'Precondition failed: "p" has been changed, its entity tag is "a"'],
  [{ match: [] }, FILE, 'Precondition failed: "p" has been changed, its entity tag is "a"'],
  [{ noneMatch: "*" }, undefined, undefined],
  [{ noneMatch: ['"b"'] }, FILE, undefined],
  [{ noneMatch: [] }, FILE, undefined],
  [{ noneMatch: "*" }, FILE, 'Precondition failed: "p" exists already, its entity tag is "a"'],
  [{ noneMatch: ['W/"a"'] }, FILE, 'Precondition failed: "p" exists already, its entity tag is "a"'],
  [{ match: ['"a"'], noneMatch: ['"a"'] }, FILE, 'Precondition failed: "p" exists already, its entity tag is "a"'],
])("%j of %j is answered with %p", (condition, current, text) => {
  expect(brokenPrecondition(condition, current, "p")).toBe(text);
});

describe("a store", () => {
  let world: StoreWorld;

  beforeEach(async () => {
    world = await storeWorld();
  });

  afterEach(() => world[Symbol.dispose]());

  async function put(path: string, text: string, condition?: Precondition): Promise<string> {
    const stored = await world.store.put(path, bytes(text), condition === undefined ? {} : { condition });
    return stored.ok ? stored.value.etag : stored.fault.code;
  }

  test("replaces the version that the client knows and no other", async () => {
    const first = await put("a/f", "one");
    const second = await put("a/f", "two", { match: [first] });
    expect(second).toStartWith('"');
    expect(await put("a/f", "three", { match: [first] })).toBe("precondition-failed");
    expect(await put("a/f", "three", { noneMatch: "*" })).toBe("precondition-failed");
    expect(world.read("a/f")).toBe("two");
    expect(await put("a/g", "new", { match: "*" })).toBe("precondition-failed");
    expect(await put("b/g", "new", { noneMatch: "*" })).toStartWith('"');
    expect(world.files()).toEqual(["a", "a/f", "b", "b/g"]);
  });

  test("reads nothing of content whose condition is broken already", async () => {
    await put("f", "one");
    let isAsked = false;
    async function* content(): AsyncGenerator<Uint8Array> {
      isAsked = true;
      yield* bytes("two");
    }
    expect(await world.store.put("f", content(), { condition: { noneMatch: "*" } })).toMatchObject({ ok: false });
    expect(isAsked).toBe(false);
  });

  test("lets one of many uploads of a new file win, and leaves nothing of the others", async () => {
    for (let round = 0; round < 5; round += 1) {
      const names = ["a", "b", "c", "d"];
      const put4 = names.map((name) => put(`new/${round}`, name, { noneMatch: "*" }));
      const results = await Promise.all(put4);
      expect(results.filter((result) => result === "precondition-failed")).toHaveLength(3);
      const winner = names[results.findIndex((result) => result !== "precondition-failed")];
      expect(world.read(`new/${round}`)).toBe(winner ?? "");
    }
    expect(world.files().filter((path) => path.includes(".part"))).toEqual([]);
  });

  test("lets one of many replacements of the same version win, under whatever name the file is meant", async () => {
    const first = await put("dir/f", "one");
    symlinkSync("dir", join(world.root, "link"));
    const paths = ["dir/f", "link/f", "dir/../dir/f", "link/f"];
    const results = await Promise.all(paths.map((path, index) => put(path, String(index), { match: [first] })));
    expect(results.filter((result) => result === "precondition-failed")).toHaveLength(3);
  });

  test("removes the version that the client knows and no other", async () => {
    const first = await put("a/f", "one");
    const second = await put("a/f", "two");
    expect(await world.store.remove("a/f", { match: [first] })).toMatchObject({
      fault: { code: "precondition-failed", message: expect.stringContaining(second) },
    });
    expect(await world.store.remove("a/f", { noneMatch: [second] })).toMatchObject({ ok: false });
    expect(await world.store.remove("a/f", { match: [second] })).toEqual({ ok: true, value: true });
    expect(await world.store.remove("a/f", { match: "*" })).toMatchObject({ fault: { code: "precondition-failed" } });
    expect(await world.store.remove("a/f")).toEqual({ ok: true, value: false });
    expect(world.files()).toEqual([]);
  });

  test("lets either a removal or a replacement of one version win, never both", async () => {
    for (let round = 0; round < 10; round += 1) {
      const etag = await put("dir/f", "one");
      const [replaced, removed] = await Promise.all([
        put("dir/f", "two", { match: [etag] }),
        world.store.remove("dir/f", { match: [etag] }),
      ]);
      expect(replaced !== "precondition-failed" && removed.ok).toBe(false);
      await world.store.remove("dir/f");
    }
  });

  test("judges a link by what it leads to", async () => {
    writeFileSync(join(world.data, "target"), "x");
    symlinkSync("../target", join(world.root, "link"));
    const found = await world.store.find("link");
    if (!found.ok) throw new Error("not found");
    expect(await world.store.remove("link", { match: ['"other"'] })).toMatchObject({ ok: false });
    expect(await world.store.remove("link", { match: [found.value.etag] })).toEqual({ ok: true, value: true });
  });
});
