import { describe, expect, test } from "bun:test";
import { lstatSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SizeLimit } from "../../../../src/config/types/size-limit-type.ts";
import { bytes, counted, DAY, handClock, NEW_YEAR, type StoreWorld, storeWorld } from "./store-world.ts";

const KB = 1024;

/** Puts a file that was last written so many days before the new year. */
async function putOld(world: StoreWorld, path: string, days: number, size = 1): Promise<void> {
  await world.store.put(path, counted(size).content);
  const written = (NEW_YEAR - days * DAY) / 1_000;
  utimesSync(join(world.root, path), written, written);
}

describe("a store whose files expire", () => {
  test("removes what was not written to for too long, with the directories that it leaves empty, and tells of each", async () => {
    using world = await storeWorld({ expireAfter: 7 * DAY });
    await putOld(world, "a/b/old", 8);
    await putOld(world, "a/older", 9);
    await putOld(world, "c/young", 6);
    await world.tend();
    expect(world.files()).toEqual(["c", "c/young"]);
    expect(world.log.lines.toSorted()).toEqual([
      'info: Removed "a/b/old" because of its age (files.expire_after): last written 2025-12-24T00:00:00.000Z',
      'info: Removed "a/older" because of its age (files.expire_after): last written 2025-12-23T00:00:00.000Z',
    ]);
    expect(world.store.usage().used).toBe(4 * KB);
  });

  test("keeps what is pinned until all pins are taken off", async () => {
    using world = await storeWorld({ expireAfter: 7 * DAY });
    await putOld(world, "dir/f", 8);
    const [first, second] = [world.store.pin("dir/f"), world.store.pin("/dir//f/".slice(1))];
    await world.tend();
    first();
    first();
    await world.tend();
    expect(world.files()).toEqual(["dir", "dir/f"]);
    second();
    await world.tend();
    expect(world.files()).toEqual([]);
  });

  test("lets links and what they lead to alone", async () => {
    using world = await storeWorld({ expireAfter: DAY });
    writeFileSync(join(world.data, "target"), "x");
    utimesSync(join(world.data, "target"), 1_700_000_000, 1_700_000_000);
    symlinkSync("../target", join(world.root, "link"));
    await world.tend();
    expect(lstatSync(join(world.root, "link")).isSymbolicLink()).toBe(true);
    expect(world.files()).toEqual(["link"]);
  });

  test("stamps what was written before the clock was set, instead of removing it", async () => {
    using world = await storeWorld({ expireAfter: DAY }, handClock(0));
    await world.store.put("f", bytes("x"));
    utimesSync(join(world.root, "f"), 60, 60);
    world.clock.pass(3_600_000);
    world.clock.set(NEW_YEAR);
    await world.tend();
    expect(lstatSync(join(world.root, "f")).mtimeMs).toBe(NEW_YEAR);
    world.clock.pass(DAY + 1);
    await world.tend();
    expect(world.files()).toEqual([]);
  });

  test("looks again and again", async () => {
    using world = await storeWorld({ expireAfter: DAY });
    await putOld(world, "f", 0);
    const stop = new AbortController();
    const tended = world.store.tend(stop.signal);
    for (let hours = 0; world.files().length > 0; hours += 1) {
      if (hours > 30) throw new Error("It is still there");
      world.clock.pass(3_600_000);
      world.clock.fire();
      await world.store.put("other", bytes("x"));
      await world.store.remove("other");
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    world.clock.fire();
    await tended;
  });
});

describe("a full store whose files expire", () => {
  const limit = (kilobytes: number): SizeLimit => ({ kind: "bytes", bytes: kilobytes * KB, text: "" });

  test("removes the oldest files to make room for an upload, no more than it needs, and tells of each", async () => {
    using world = await storeWorld({ expireAfter: 30 * DAY, limit: limit(100) });
    await putOld(world, "a/third", 3, 20 * KB);
    await putOld(world, "b/first", 5, 20 * KB);
    await putOld(world, "c/second", 4, 20 * KB);
    await putOld(world, "d/fourth", 2, 20 * KB);
    const unpin = world.store.pin("b/first");
    expect(await world.store.put("new", counted(50 * KB).content, { length: 50 * KB })).toMatchObject({ ok: true });
    expect(world.files()).toEqual(["b", "b/first", "d", "d/fourth", "new"]);
    expect(world.log.lines).toEqual([
      'info: Removed "c/second" to make room for an upload: last written 2025-12-28T00:00:00.000Z',
      'info: Removed "a/third" to make room for an upload: last written 2025-12-29T00:00:00.000Z',
    ]);
    unpin();
  });

  test("refuses what does not fit without what is pinned", async () => {
    using world = await storeWorld({ expireAfter: 30 * DAY, limit: limit(100) });
    await putOld(world, "pinned", 5, 80 * KB);
    world.store.pin("pinned");
    expect(await world.store.put("new", counted(50 * KB).content)).toMatchObject({ fault: { code: "no-room" } });
    expect(world.files()).toEqual(["pinned"]);
  });

  test("makes room for an upload of unknown length as it grows", async () => {
    using world = await storeWorld({ expireAfter: 30 * DAY, limit: limit(100) });
    for (let index = 0; index < 20; index += 1) await putOld(world, `old/${index}`, 20 - index, 4 * KB);
    expect(await world.store.put("new", counted(90 * KB, 4 * KB).content)).toMatchObject({ ok: true });
    expect(world.store.usage().used).toBeLessThanOrEqual(100 * KB);
    expect(world.files()).toContain("new");
    expect(world.files()).toContain("old/19");
  });
});
