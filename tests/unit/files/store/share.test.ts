import { describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytes, storeWorld } from "./store-world.ts";

describe("a file that is shared", () => {
  test("is served under its new name without a copy, and takes no room of the store", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "x".repeat(10_000));
    expect(await world.store.share("child1/op/f", source)).toMatchObject({ ok: true, value: { size: 10_000 } });
    expect(statSync(join(world.root, "child1/op/f")).ino).toBe(statSync(source).ino);
    expect(world.store.usage().used).toBe(0);
    await world.tend();
    expect(world.store.usage().used).toBe(0);
  });

  test("takes the place of what was there, whose room it gives back", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "new");
    await world.store.put("f", bytes("old"));
    expect(world.store.usage().used).toBe(4_096);
    expect((await world.store.share("f", source)).ok).toBe(true);
    expect([world.read("f"), world.store.usage().used]).toEqual(["new", 0]);
  });

  test("may be shared again under the same name, and leaves nothing beside it", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "content");
    expect((await world.store.share("f", source)).ok).toBe(true);
    expect((await world.store.share("f", source)).ok).toBe(true);
    expect(world.files()).toEqual(["f"]);
  });

  test("keeps its content when a client uploads to the name, whose new content counts", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "content");
    await world.store.share("f", source);
    await world.store.put("f", bytes("upload"));
    expect([world.read("f"), readFileSync(source, "utf8")]).toEqual(["upload", "content"]);
    expect(world.store.usage().used).toBe(4_096);
  });

  test("loses only the name when it is removed, with the directories that were made for it", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "content");
    await world.store.share("child1/op/f", source);
    expect(await world.store.remove("child1/op/f")).toEqual({ ok: true, value: true });
    expect([world.files(), readFileSync(source, "utf8"), world.store.usage().used]).toEqual([[], "content", 0]);
  });

  test("is a fault when the source is not there, and no directory stays", async () => {
    using world = await storeWorld();
    expect(await world.store.share("child1/op/f", join(world.data, "none"))).toMatchObject({ fault: { code: "io" } });
    expect(world.files()).toEqual([]);
  });

  test("cannot be put outside of the store", async () => {
    using world = await storeWorld();
    const source = join(world.data, "source");
    writeFileSync(source, "content");
    expect(await world.store.share("../f", source)).toMatchObject({ fault: { code: "outside" } });
  });

  test("is copied, and then counts, when its file system is another one", async () => {
    using world = await storeWorld();
    const elsewhere = mkdtempSync("/dev/shm/tebus-share-");
    try {
      const source = join(elsewhere, "source");
      writeFileSync(source, "content");
      const here = join(world.data, "probe");
      mkdirSync(here);
      expect(() => linkSync(source, join(here, "f"))).toThrow("EXDEV");
      expect(await world.store.share("f", source)).toMatchObject({ ok: true, value: { size: 7 } });
      expect([world.read("f"), world.store.usage().used]).toEqual(["content", 4_096]);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});
