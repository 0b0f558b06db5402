import { describe, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SizeLimit } from "../../../../src/config/types/size-limit-type.ts";
import { footprint } from "../../../../src/files/store/footprint.ts";
import { bytes, counted, storeWorld } from "./store-world.ts";

const KB = 1024;

function limited(bytes: number): { readonly limit: SizeLimit } {
  return { limit: { kind: "bytes", bytes, text: String(bytes) } };
}

async function* breakingOff(): AsyncGenerator<Uint8Array> {
  yield* bytes("x");
  throw new Error("The connection was closed");
}

test.each([
  [0, 4_096],
  [1, 4_096],
  [4_096, 4_096],
  [4_097, 8_192],
])("a file of %d bytes counts for %d", (size, counts) => {
  expect(footprint(size)).toBe(counts);
});

describe("a store with a limit", () => {
  test("refuses an upload that would exceed it before any of it is read, when its length is known", async () => {
    using world = await storeWorld(limited(100 * KB));
    await world.store.put("kept", counted(60 * KB).content);
    const { content, given } = counted(50 * KB);
    expect(await world.store.put("new/dir/f", content, { length: 50 * KB })).toMatchObject({
      fault: {
        code: "no-room",
        message:
          "Not enough room: stored files may take up 100.0 KiB together (files.max_total), 60.0 KiB are taken, 52.0 KiB more are needed",
      },
    });
    expect([given(), world.files()]).toEqual([0, ["kept"]]);
  });

  test("refuses it midway when its length is not known, and leaves nothing of it", async () => {
    using world = await storeWorld(limited(100 * KB));
    await world.store.put("kept", counted(60 * KB).content);
    const { content, given } = counted(5_000 * KB);
    expect(await world.store.put("new/dir/f", content)).toMatchObject({ fault: { code: "no-room" } });
    expect(given()).toBeLessThan(60 * KB);
    expect([world.files(), world.store.usage().used]).toEqual([["kept"], 60 * KB]);
    expect(await world.store.put("fits", counted(40 * KB).content)).toMatchObject({ ok: true });
  });

  test("believes no client that announces less than it sends", async () => {
    using world = await storeWorld(limited(100 * KB));
    expect(await world.store.put("f", counted(500 * KB).content, { length: 1 })).toMatchObject({
      fault: { code: "no-room" },
    });
    expect(world.files()).toEqual([]);
  });

  test("gives what one upload has reserved to no other", async () => {
    using world = await storeWorld(limited(100 * KB));
    const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    async function* slow(): AsyncGenerator<Uint8Array> {
      begun.resolve();
      await gate.promise;
      yield new Uint8Array(60 * KB);
    }
    const first = world.store.put("slow", slow(), { length: 60 * KB });
    await begun.promise;
    for (const length of [50 * KB, undefined]) {
      const options = length === undefined ? {} : { length };
      const second = await world.store.put("second", counted(50 * KB).content, options);
      expect(second).toMatchObject({ fault: { code: "no-room" } });
    }
    gate.resolve();
    expect(await first).toMatchObject({ ok: true });
    expect(world.files()).toEqual(["slow"]);
  });

  test("counts a file that is replaced only once", async () => {
    using world = await storeWorld(limited(100 * KB));
    for (const size of [80, 90, 100, 20]) {
      const length = size * KB;
      expect(await world.store.put("f", counted(length).content, { length })).toMatchObject({ ok: true });
      expect(world.store.usage().used).toBe(footprint(length));
    }
    expect(await world.store.put("f", counted(101 * KB).content)).toMatchObject({ fault: { code: "no-room" } });
    expect(world.store.usage().used).toBe(20 * KB);
  });

  test("knows of what was there before, of what failed, and of what was removed", async () => {
    using world = await storeWorld(limited(100 * KB));
    await world.store.put("a", counted(50 * KB).content);
    await world.store.put("b", breakingOff());
    await world.store.put("dir/c", counted(10 * KB).content);
    await world.store.remove("dir/c");
    await world.restart();
    expect(await world.store.put("d", counted(60 * KB).content)).toMatchObject({ fault: { code: "no-room" } });
    expect(world.store.usage()).toEqual({ used: footprint(50 * KB), limit: 100 * KB });
  });

  test("looks at the disk again before it refuses: somebody may have made room", async () => {
    using world = await storeWorld(limited(100 * KB));
    await world.store.put("a", counted(90 * KB).content);
    rmSync(join(world.root, "a"));
    world.clock.pass(10_000);
    expect(await world.store.put("b", counted(90 * KB).content)).toMatchObject({ ok: true });
  });

  test("does not see what a link leads to, nor counts an upload into it", async () => {
    using world = await storeWorld(limited(100 * KB));
    writeFileSync(join(world.data, "large"), new Uint8Array(500 * KB));
    symlinkSync("../large", join(world.root, "link"));
    await world.tend();
    expect(world.store.usage().used).toBe(0);
    expect(await world.store.put("link", counted(50 * KB).content)).toMatchObject({ ok: true });
    expect(world.store.usage().used).toBe(0);
  });

  test("may be a part of the file system", async () => {
    using half = await storeWorld({ limit: { kind: "share", share: 0.5, text: "50%" } });
    using whole = await storeWorld({ limit: { kind: "share", share: 1, text: "100%" } });
    const { limit } = half.store.usage();
    expect(limit).toBeGreaterThan(0);
    expect(Math.abs(whole.store.usage().limit - 2 * limit)).toBeLessThan(8_192);
  });

  test("never removes a file to make room unless files expire", async () => {
    using world = await storeWorld(limited(20 * KB));
    for (const name of ["a", "b", "c", "d", "e"]) await world.store.put(name, bytes("x"));
    expect(await world.store.put("f", bytes("x"))).toMatchObject({ fault: { code: "no-room" } });
    expect(world.files()).toEqual(["a", "b", "c", "d", "e"]);
  });
});
