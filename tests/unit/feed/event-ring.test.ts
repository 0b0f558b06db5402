import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEventRing, type RingLimits } from "../../../src/feed/event-ring.ts";
import { anEvent } from "./an-event.ts";

const WIDE: RingLimits = { events: 1_000, bytes: 1_000_000 };

function filled(limits: RingLimits, texts: readonly string[]) {
  const ring = createEventRing(limits);
  for (const text of texts) ring.append(anEvent(text));
  return ring;
}

test("an empty ring has nothing, and counts from 1", () => {
  const ring = createEventRing(WIDE);
  expect([ring.first, ring.next, ring.bytes]).toEqual([1, 1, 0]);
  expect(ring.at(1)).toBeUndefined();
  expect(ring.append(anEvent("a")).sequence).toBe(1);
});

test("the oldest make room when there are too many", () => {
  const ring = filled({ events: 2, bytes: 1_000_000 }, ["a", "b", "c"]);
  expect([ring.first, ring.next]).toEqual([2, 4]);
  expect([0, 1, 2, 3, 4].map((sequence) => ring.at(sequence)?.text)).toEqual([
    undefined,
    undefined,
    "b",
    "c",
    undefined,
  ]);
});

test("the oldest make room when they take too many bytes, counted as UTF-8", () => {
  const text = "é".repeat(500);
  const ring = filled({ events: 1_000, bytes: 2_500 }, [text, text, text]);
  expect(ring.first).toBe(2);
  expect(ring.bytes).toBeLessThanOrEqual(2_500);
});

test("the newest is kept, whatever its size and however small the ring", () => {
  const ring = filled({ events: 0, bytes: 0 }, ["a", "b".repeat(10_000)]);
  expect([ring.first, ring.next, ring.at(2)?.text.length]).toEqual([2, 3, 10_000]);
});

test("whatever is appended, the ring holds an unbroken end of it within its bounds", () => {
  const limits = fc.record({ events: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 250, max: 9_000 }) });
  const lengths = fc.array(fc.nat(400), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(limits, lengths, fc.integer({ min: 1, max: 60 }), (bounds, some, times) => {
      const all = Array.from({ length: times }, () => some).flatMap((round) =>
        round.map((length) => "x".repeat(length)),
      );
      const ring = filled(bounds, all);
      const kept = Array.from({ length: ring.next - ring.first }, (_, index) => ring.at(ring.first + index)?.text);
      expect(kept).toEqual(all.slice(ring.first - 1));
      expect(kept.length).toBeLessThanOrEqual(bounds.events);
      if (kept.length > 1) expect(ring.bytes).toBeLessThanOrEqual(bounds.bytes);
    }),
    { numRuns: 50 },
  );
});
