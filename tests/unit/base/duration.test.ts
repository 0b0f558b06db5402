import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDuration } from "../../../src/base/duration.ts";

describe("a duration", () => {
  test.each([
    ["0", 0],
    ["3600", 3_600_000],
    ["30s", 30_000],
    ["90m", 5_400_000],
    ["1h", 3_600_000],
    ["2 hours", 7_200_000],
    ["3d 12h", 302_400_000],
    ["1h30min", 5_400_000],
    ["250ms", 250],
    ["1w", 604_800_000],
    ["1M", 2_630_016_000],
    ["1 year", 31_557_600_000],
    ["1500us", 1.5],
  ])("%p is %p milliseconds, and keeps its text", (text, milliseconds) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: { milliseconds, text } });
  });

  test.each([
    ["", "value was empty"],
    ["abc", "expected number at 0"],
    ["1h abc", "expected number at 3"],
    ["-5s", "invalid character at 0"],
    ["1.5h", "invalid character at 1"],
    ["1h 30", "time unit needed, for example 30sec or 30ms"],
    ["5 parsecs", 'unknown time unit "parsecs"'],
    ["10 5s", "time unit needed, for example 10sec or 10ms"],
    ["99999999999999999999", "number is too large"],
  ])("%p is refused: %p", (text, reason) => {
    const parsed = parseDuration(text);
    expect(parsed.ok ? "accepted" : parsed.fault.message).toContain(reason);
  });

  test("is the sum of its parts", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (hours, minutes, seconds) => {
        const parsed = parseDuration(`${hours}h ${minutes}m${seconds} s`);
        const milliseconds = ((hours * 60 + minutes) * 60 + seconds) * 1000;
        expect(parsed.ok && parsed.value.milliseconds).toBe(milliseconds);
      }),
    );
  });
});
