import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createKeepAlive } from "../../../src/bus/packet-wire-keep-alive.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";

function started(seconds = 60) {
  const clock = simulatedClock();
  const told: string[] = [];
  const tell = (what: string) => told.push(`${what} at ${clock.monotonic() / 1_000}`);
  const keepAlive = createKeepAlive(clock, seconds, {
    ping() {
      tell("ping");
      keepAlive.sent();
    },
    dead: () => tell("dead"),
  });
  keepAlive.start();
  return { clock, told, keepAlive };
}

describe("the keep-alive", () => {
  test("asks for a ping after a period of silence, and for the next after another", async () => {
    const { clock, told, keepAlive } = started();
    await clock.advance(60_000);
    expect(told).toEqual(["ping at 60"]);
    keepAlive.received();
    await clock.advance(60_000);
    expect(told).toEqual(["ping at 60", "ping at 120"]);
  });

  test("gives up when a period after the ping nothing came", async () => {
    const { clock, told } = started();
    await clock.advance(180_000);
    expect(told).toEqual(["ping at 60", "dead at 120"]);
    expect(clock.pending).toBe(0);
  });

  test("does not give up when something else than the answer came", async () => {
    const { clock, told, keepAlive } = started();
    await clock.advance(61_000);
    keepAlive.received();
    await clock.advance(59_000);
    expect(told).toEqual(["ping at 60", "ping at 120"]);
  });

  test("asks for none while there is traffic both ways", async () => {
    const { clock, told, keepAlive } = started();
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.advance(30_000);
      keepAlive.sent();
      keepAlive.received();
    }
    expect(told).toEqual([]);
  });

  test("asks although much is sent when nothing comes, since the other end may be gone", async () => {
    const { clock, told, keepAlive } = started();
    for (let turn = 0; turn < 4; turn += 1) {
      await clock.advance(30_000);
      keepAlive.sent();
    }
    expect(told).toEqual(["ping at 60", "dead at 120"]);
  });

  test("asks although much comes when nothing is sent, for so the broker wants it", async () => {
    const { clock, told, keepAlive } = started();
    for (let turn = 0; turn < 4; turn += 1) {
      await clock.advance(30_000);
      keepAlive.received();
    }
    expect(told).toEqual(["ping at 60", "ping at 120"]);
  });

  test("of 0 seconds is none", async () => {
    const { clock, told } = started(0);
    expect(clock.pending).toBe(0);
    await clock.advance(1_000_000);
    expect(told).toEqual([]);
  });

  test("is over when it is stopped", async () => {
    const { clock, told, keepAlive } = started();
    keepAlive.stop();
    expect(clock.pending).toBe(0);
    await clock.advance(1_000_000);
    expect(told).toEqual([]);
  });

  test("never lets more than a period pass without sending, whatever the traffic", async () => {
    const traffic = fc.array(fc.record({ after: fc.integer({ min: 0, max: 25_000 }), isSent: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(traffic, async (steps) => {
        const clock = simulatedClock();
        const sent = [0];
        const keepAlive = createKeepAlive(clock, 10, {
          ping() {
            sent.push(clock.monotonic());
            keepAlive.sent();
            clock.after(50, () => keepAlive.received());
          },
          dead: () => expect.unreachable("every ping is answered"),
        });
        keepAlive.start();
        for (const { after, isSent } of steps) {
          await clock.advance(after);
          if (isSent) {
            sent.push(clock.monotonic());
            keepAlive.sent();
          } else keepAlive.received();
        }
        sent.push(clock.monotonic());
        for (const [index, at] of sent.entries()) expect(at - (sent[index - 1] ?? 0)).toBeLessThanOrEqual(10_000);
      }),
      { numRuns: 50 },
    );
  });
});
