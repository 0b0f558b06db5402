import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { roomLedger } from "../../../../src/files/store/room-ledger.ts";
import { type StoreRoomOptions, storeRoom } from "../../../../src/files/store/store-room.ts";

const MB = 1024 * 1024;

function makeRoom(options: Partial<StoreRoomOptions> = {}) {
  const ledger = roomLedger();
  ledger.beginSurvey()(0);
  const room = storeRoom({
    ledger,
    limit: () => 10 * MB,
    refresh: async () => undefined,
    diskHas: async () => true,
    ...options,
  });
  return { ledger, room };
}

describe("room", () => {
  test("is given once: what was reserved is not there for others, until it is given back", async () => {
    const { ledger, room } = makeRoom();
    const first = await room.reserve(6 * MB);
    expect(await room.reserve(5 * MB)).toMatchObject({
      fault: {
        code: "no-room",
        message:
          "Not enough room: stored files may take up 10.0 MiB together (files.max_total), 6.0 MiB are taken, 5.0 MiB more are needed",
      },
    });
    if (!first.ok) throw new Error("refused");
    first.value.release();
    first.value.release();
    expect(ledger.reserved).toBe(0);
    expect(await room.reserve(10 * MB)).toMatchObject({ ok: true });
  });

  test("that grows takes a step ahead, but to the last byte where that is all there is", async () => {
    const { ledger, room } = makeRoom();
    const reserved = await room.reserve(0);
    if (!reserved.ok) throw new Error("refused");
    expect(await reserved.value.grow(1)).toBeUndefined();
    expect(ledger.reserved).toBe(MB);
    expect(reserved.value.grow(MB)).toBeUndefined();
    expect(await reserved.value.grow(10 * MB - 5)).toBeUndefined();
    expect(ledger.reserved).toBe(10 * MB - 5);
    expect(await reserved.value.grow(10 * MB)).toBeUndefined();
    expect(await reserved.value.grow(10 * MB + 1)).toMatchObject({ code: "no-room" });
    reserved.value.release();
    expect(ledger.reserved).toBe(0);
  });

  test("is refused only after another look at the disk", async () => {
    const { ledger, room } = makeRoom({ refresh: async () => void ledger.beginSurvey()(4 * MB) });
    ledger.beginSurvey()(10 * MB);
    expect(await room.reserve(6 * MB)).toMatchObject({ ok: true });
    expect(await room.reserve(1)).toMatchObject({ fault: { code: "no-room" } });
  });

  test("is not given before the first survey has ended", async () => {
    const ledger = roomLedger();
    const refresh = async () => void ledger.beginSurvey()(9 * MB);
    const room = storeRoom({ ledger, limit: () => 10 * MB, refresh, diskHas: async () => true });
    expect(await room.reserve(2 * MB)).toMatchObject({ fault: { code: "no-room" } });
    expect(await room.reserve(MB)).toMatchObject({ ok: true });
  });

  test("is made by removing files where that is allowed, no more than is lacking", async () => {
    const asked: number[] = [];
    const { ledger, room } = makeRoom({
      async makeRoom(bytes) {
        asked.push(bytes);
        ledger.change(-bytes);
      },
    });
    ledger.beginSurvey()(9 * MB);
    expect(await room.reserve(3 * MB)).toMatchObject({ ok: true });
    expect(asked).toEqual([2 * MB]);
  });

  test("that the disk does not have is refused, and given back", async () => {
    const { ledger, room } = makeRoom({ diskHas: async (bytes) => bytes <= MB });
    expect(await room.reserve(2 * MB)).toMatchObject({ fault: { code: "disk-full" } });
    expect(ledger.reserved).toBe(0);
    expect(await room.reserve(MB)).toMatchObject({ ok: true });
  });

  test("that grows on a disk that has little is given to the last byte", async () => {
    const { ledger, room } = makeRoom({ diskHas: async (bytes) => ledger.reserved + bytes <= 700_000 });
    const reserved = await room.reserve(0);
    if (!reserved.ok) throw new Error("refused");
    expect(await reserved.value.grow(300_000)).toBeUndefined();
    expect(await reserved.value.grow(340_000)).toBeUndefined();
    expect(ledger.reserved).toBe(340_000);
    expect(await reserved.value.grow(1_000_000)).toMatchObject({ code: "disk-full" });
  });

  test("never exceeds the limit, however many ask for it at the same time", async () => {
    const size = fc.integer({ min: 0, max: 4 * MB });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(size, { minLength: 1, maxLength: 4 }), { maxLength: 12 }), async (uploads) => {
        const { ledger, room } = makeRoom();
        const check = () => expect(ledger.used + ledger.reserved).toBeLessThanOrEqual(10 * MB);
        await Promise.all(
          uploads.map(async ([first = 0, ...more]) => {
            const reserved = await room.reserve(first);
            check();
            if (!reserved.ok) return;
            let total = first;
            for (const bytes of more) {
              total += bytes;
              const refused = await reserved.value.grow(total);
              check();
              if (refused !== undefined) return reserved.value.release();
            }
            reserved.value.release();
            ledger.change(total);
            check();
          }),
        );
        expect(ledger.reserved).toBe(0);
      }),
    );
  });
});
