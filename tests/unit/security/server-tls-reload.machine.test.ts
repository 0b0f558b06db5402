import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type ReloadEffect,
  type ReloadInput,
  type ReloadState,
  serverTlsReload,
} from "../../../src/security/server-tls-reload.machine.ts";

const STEADY: ReloadState = { kind: "steady" };
const DOUBTFUL: ReloadState = { kind: "doubtful" };
const BROKEN: ReloadState = { kind: "broken", why: "a" };

const SAME: ReloadInput = { kind: "same" };
const IN_USE: ReloadInput = { kind: "in-use" };
const unusable = (why: string, again = false): ReloadInput => ({ kind: "unusable", why, again });

const SOON: ReloadEffect = { kind: "look-again-soon" };
const told = (why: string): ReloadEffect => ({ kind: "tell-broken", why });
const MENDED: ReloadEffect = { kind: "tell-mended" };
const CHANGED: ReloadEffect = { kind: "tell-in-use" };

describe("the files of a certificate", () => {
  test.each<readonly [ReloadState, ReloadInput, ReloadState, ...ReloadEffect[]]>([
    [STEADY, SAME, STEADY],
    [STEADY, IN_USE, STEADY, CHANGED],
    [STEADY, unusable("a"), DOUBTFUL, SOON],
    [DOUBTFUL, SAME, STEADY],
    [DOUBTFUL, IN_USE, STEADY, CHANGED],
    [DOUBTFUL, unusable("a"), DOUBTFUL],
    [DOUBTFUL, unusable("a", true), BROKEN, told("a")],
    [BROKEN, SAME, STEADY, MENDED],
    [BROKEN, IN_USE, STEADY, CHANGED],
    [BROKEN, unusable("a"), BROKEN],
    [BROKEN, unusable("a", true), BROKEN],
    [BROKEN, unusable("b"), { kind: "broken", why: "b" }, told("b")],
  ])("when %j and %j: %j", (state, input, next, ...effects) => {
    expect(serverTlsReload.step(state, input)).toEqual({ state: next, effects });
  });

  test("are told to be broken once for each reason, and only after a second look", () => {
    const input = fc.oneof(
      fc.constantFrom(SAME, IN_USE),
      fc.record({ kind: fc.constant("unusable" as const), why: fc.constantFrom("a", "b"), again: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        let state = serverTlsReload.initial;
        let lastTold: string | undefined;
        let isAsked = false;
        for (const next of inputs) {
          const step = serverTlsReload.step(state, next);
          for (const effect of step.effects) {
            if (effect.kind === "look-again-soon") isAsked = true;
            if (effect.kind !== "tell-broken") continue;
            expect(isAsked).toBe(true);
            expect(effect.why).not.toBe(lastTold ?? "");
            lastTold = effect.why;
          }
          if (next.kind !== "unusable") {
            lastTold = undefined;
            isAsked = false;
          }
          state = step.state;
        }
      }),
    );
  });
});
