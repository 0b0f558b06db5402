import { describe, expect, test } from "bun:test";
import { describeLoss, lossNotices } from "../../../src/bridge/loss-notices.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";

describe("a dropped message", () => {
  test("is described by what went wrong", () => {
    expect(describeLoss({ kind: "no-route", topic: "a/b" })).toBe('Failed to convert "a/b"');
    expect(describeLoss({ kind: "oversized", to: "remote", topic: "x/y/z", size: 21, limit: 20 })).toBe(
      "Dropping cloud-bound message on topic x/y/z: packet size 21 B exceeds the configured limit of 20 B",
    );
    expect(describeLoss({ kind: "oversized", to: "local", topic: "x", size: 21, limit: 20 })).toBe(
      "Dropping local message on topic x: packet size 21 B exceeds the configured limit of 20 B",
    );
    expect(describeLoss({ kind: "no-room", to: "local", topic: "x" })).toBe(
      "Dropping message on topic x: too many messages wait for the local broker",
    );
  });

  test("is told each, unless there is a flood: then the number of those that were not told is", async () => {
    const clock = simulatedClock();
    const notice = lossNotices(clock);
    const told = () => notice({ kind: "no-route", topic: "t" });
    const burst = Array.from({ length: 25 }, told);
    expect(burst.filter((text) => text !== undefined)).toEqual(Array(20).fill('Failed to convert "t"'));
    await clock.advance(1_000);
    expect(told()).toBe('Failed to convert "t" (and 5 more messages were dropped)');
    expect(told()).toBeUndefined();
  });
});
