import { expect, test } from "bun:test";
import { createEarlyEvents } from "../../../src/feed/early-events.ts";
import { entityId } from "./an-event.ts";

const [A, B, C] = ["device/a", "device/b", "device/c"].map(entityId) as [
  ReturnType<typeof entityId>,
  ReturnType<typeof entityId>,
  ReturnType<typeof entityId>,
];

test("what is held comes out once, in order of arrival", () => {
  const early = createEarlyEvents<string>({ events: 10, size: 100 });
  early.hold(A, { topic: "x", event: "one", size: 1 });
  early.hold(B, { topic: "x", event: "other", size: 1 });
  early.hold(A, { topic: "y", event: "two", size: 1 });
  expect(early.take(A)).toEqual(["one", "two"]);
  expect(early.take(A)).toEqual([]);
  expect(early.count).toBe(1);
});

test("a topic that was cleared is as if nothing had been there", () => {
  const early = createEarlyEvents<string>({ events: 10, size: 100 });
  early.hold(A, { topic: "x", event: "init", size: 1 });
  early.hold(A, { topic: "y", event: "alarm", size: 1 });
  early.hold(A, { topic: "x", event: "executing", size: 1 });
  early.forget(A, "x");
  early.forget(B, "x");
  expect(early.take(A)).toEqual(["alarm"]);
  expect(early.count).toBe(0);
});

test("beyond the count, those of the entity that waits longest are forgotten", () => {
  const early = createEarlyEvents<string>({ events: 3, size: 100 });
  early.hold(A, { topic: "x", event: "a1", size: 1 });
  early.hold(B, { topic: "x", event: "b1", size: 1 });
  early.hold(A, { topic: "x", event: "a2", size: 1 });
  early.hold(C, { topic: "x", event: "c1", size: 1 });
  expect([early.take(A), early.take(B), early.take(C)]).toEqual([[], ["b1"], ["c1"]]);
});

test("beyond the size too, also when one is larger than everything", () => {
  const early = createEarlyEvents<string>({ events: 10, size: 100 });
  early.hold(A, { topic: "x", event: "a1", size: 60 });
  early.hold(B, { topic: "x", event: "b1", size: 60 });
  expect([early.take(A), early.take(B)]).toEqual([[], ["b1"]]);
  early.hold(C, { topic: "x", event: "c1", size: 101 });
  expect([early.take(C), early.count]).toEqual([[], 0]);
});
