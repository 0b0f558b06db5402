import { expect, test } from "bun:test";
import { createTransferSlots, type ReleaseSlot } from "../../../../src/files/transfer/transfer-slots.ts";

const FOREVER = new AbortController().signal;

test("so many are under way at a time, and those who wait come in order", async () => {
  const slots = createTransferSlots(2, 10);
  const begun: number[] = [];
  const releases: ReleaseSlot[] = [];
  const transfers = [0, 1, 2, 3].map(async (number) => {
    const slot = await slots.take(FOREVER);
    if (!slot.ok) throw new Error(slot.fault.message);
    begun.push(number);
    releases.push(slot.value);
  });
  await Promise.all(transfers.slice(0, 2));
  expect(begun).toEqual([0, 1]);
  releases[1]?.();
  await transfers[2];
  releases[1]?.();
  expect(begun).toEqual([0, 1, 2]);
  releases[0]?.();
  await transfers[3];
  expect(begun).toEqual([0, 1, 2, 3]);
});

test("a slot that was given back can be taken at once", async () => {
  const slots = createTransferSlots(1, 0);
  const first = await slots.take(FOREVER);
  expect(await slots.take(FOREVER)).toMatchObject({ ok: false, fault: { code: "unavailable" } });
  if (first.ok) first.value();
  expect(await slots.take(FOREVER)).toMatchObject({ ok: true });
});

test("who stops waiting takes no slot", async () => {
  const slots = createTransferSlots(1, 10);
  const first = await slots.take(FOREVER);
  const stop = new AbortController();
  const stopped = slots.take(stop.signal);
  const patient = slots.take(FOREVER);
  stop.abort();
  expect(await stopped).toMatchObject({ fault: { code: "aborted" } });
  expect(await slots.take(stop.signal)).toMatchObject({ fault: { code: "aborted" } });
  if (first.ok) first.value();
  expect(await patient).toMatchObject({ ok: true });
});
