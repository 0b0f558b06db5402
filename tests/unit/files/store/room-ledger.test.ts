import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { roomLedger } from "../../../../src/files/store/room-ledger.ts";

describe("a ledger", () => {
  test("knows nothing before the first survey has ended, and counts changes from then on", () => {
    const ledger = roomLedger();
    ledger.change(10);
    expect([ledger.isKnown, ledger.used]).toEqual([false, 10]);
    const end = ledger.beginSurvey();
    expect(end(110)).toEqual({ crossed: false });
    expect([ledger.isKnown, ledger.used]).toEqual([true, 110]);
    ledger.change(-60);
    expect(ledger.used).toBe(50);
  });

  test("adds to what a survey counted the changes that crossed it, and tells that it may be off", () => {
    const ledger = roomLedger();
    const end = ledger.beginSurvey();
    ledger.change(7);
    expect(end(100)).toEqual({ crossed: true });
    expect(ledger.used).toBe(107);
  });

  test("keeps unfinished uploads and reservations through surveys", () => {
    const ledger = roomLedger();
    ledger.changeUnfinished(5);
    ledger.reserve(3);
    ledger.beginSurvey()(100);
    expect([ledger.used, ledger.reserved]).toEqual([105, 3]);
  });

  test("whatever changes come before and after surveys, what is used is what is there", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("change" as const), bytes: fc.integer({ min: 0, max: 1_000 }) }),
      fc.record({ kind: fc.constant("unfinished" as const), bytes: fc.integer({ min: 0, max: 1_000 }) }),
      fc.record({ kind: fc.constant("survey" as const), bytes: fc.constant(0) }),
      // Somebody else writes to the disk: only a survey can tell.
      fc.record({ kind: fc.constant("elsewhere" as const), bytes: fc.integer({ min: 0, max: 1_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const ledger = roomLedger();
        let [stored, unfinished] = [0, 0];
        for (const { kind, bytes } of steps) {
          if (kind === "change" || kind === "elsewhere") stored += bytes;
          if (kind === "unfinished") unfinished += bytes;
          if (kind === "change") ledger.change(bytes);
          if (kind === "unfinished") ledger.changeUnfinished(bytes);
          if (kind === "survey") ledger.beginSurvey()(stored);
        }
        ledger.beginSurvey()(stored);
        expect(ledger.used).toBe(stored + unfinished);
      }),
    );
  });
});
