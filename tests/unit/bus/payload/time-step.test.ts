import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  applyTimeStep,
  C8Y_EVENT_TIME,
  C8Y_MEASUREMENT_TIME,
  reformattingTime,
  type TimeStep,
} from "../../../../src/bus/payload/time-step.ts";
import { ANY_TIME_TEXT } from "./any-time.ts";

const NOW = 1_712_345_678_301;
const TO_UNIX = reformattingTime("unix");
const TO_TEXT = reformattingTime("rfc-3339");

describe("a time that is missing is added", () => {
  test.each([
    ["for Cumulocity measurements as seconds", C8Y_MEASUREMENT_TIME, "1712345678.301"],
    ["for Cumulocity events and alarms as RFC 3339", C8Y_EVENT_TIME, '"2024-04-05T19:34:38.301Z"'],
    ["for az and aws as seconds", TO_UNIX, "1712345678.301"],
    ["for az and aws as RFC 3339", TO_TEXT, '"2024-04-05T19:34:38.301Z"'],
  ])("%s", (_name, step, time) => {
    const text = '{"z":{"b":2.0,"a":9007199254740993},"b":[]}';
    expect(applyTimeStep(text, NOW, step)).toEqual({
      ok: true,
      value: `{"b":[],"time":${time},"z":{"a":9007199254740993,"b":2.0}}`,
    });
  });

  test("under the name that was asked for", () => {
    const step = { property: "at", format: "unix", reformat: false } as const;
    expect(applyTimeStep('{"time":1}', 5_000, step)).toEqual({ ok: true, value: '{"at":5,"time":1}' });
  });
});

describe("a time that is there", () => {
  test.each(['{"time":null,"a":1}', '{"time": "x"}', '{"b":1 , "time":5}'])(
    "is left alone where it is only added: %s",
    (text) => {
      expect(applyTimeStep(text, NOW, C8Y_MEASUREMENT_TIME)).toEqual({ ok: true, value: text });
      expect(applyTimeStep(text, NOW, C8Y_EVENT_TIME)).toEqual({ ok: true, value: text });
    },
  );

  test.each([
    ["5", "5", '"1970-01-01T00:00:05Z"'],
    ["5.25", "5.25", '"1970-01-01T00:00:05.25Z"'],
    ["1712345678.3019", "1712345678.3019", '"2024-04-05T19:34:38.301Z"'],
    ["2.0", "2.0", '"1970-01-01T00:00:02Z"'],
    ["253402300800", "253402300800", undefined],
    ["-62167219201", "-62167219201", undefined],
    ['"2024-04-05T21:34:38.301+02:00"', "1712345678.301", '"2024-04-05T21:34:38.301+02:00"'],
    ['"1970-01-01T00:00:00.000000001Z"', "0.000000001", '"1970-01-01T00:00:00.000000001Z"'],
    ['"yesterday"', undefined, '"yesterday"'],
    ["null", undefined, undefined],
    ["true", undefined, undefined],
    ["{}", undefined, undefined],
  ])("%s becomes %p, or %p as RFC 3339", (time, unix, text) => {
    const told = (step: TimeStep) => {
      const result = applyTimeStep(`{"time":${time}, "a":1}`, NOW, step);
      return result.ok ? result.value : result.fault.message;
    };
    const wanted = (value: string | undefined, format: string) =>
      value === undefined ? `Failed to format message timestamp as ${format}` : `{"a":1,"time":${value}}`;
    expect(told(TO_UNIX)).toBe(wanted(unix, "unix"));
    expect(told(TO_TEXT)).toBe(wanted(text, "rfc3339"));
  });
});

test.each(["", "1", "[1]", '"x"', "no json", '{"a":1} x', '{"a":1', "null"])(
  "%j is no object and passes as it is",
  (text) => {
    for (const step of [C8Y_MEASUREMENT_TIME, C8Y_EVENT_TIME, TO_UNIX, TO_TEXT]) {
      expect(applyTimeStep(text, NOW, step)).toEqual({ ok: true, value: text });
    }
  },
);

test("what has been converted once stays", () => {
  fc.assert(
    fc.property(ANY_TIME_TEXT, fc.constantFrom("unix" as const, "rfc-3339" as const), (time, format) => {
      const step = reformattingTime(format);
      const once = applyTimeStep(`{"time":${time}}`, NOW, step);
      if (once.ok) expect(applyTimeStep(once.value, NOW, step)).toEqual(once);
    }),
  );
});

test("a key named like a prototype is a key", () => {
  expect(applyTimeStep('{"__proto__":{"x":1}}', 0, C8Y_MEASUREMENT_TIME)).toEqual({
    ok: true,
    value: '{"__proto__":{"x":1},"time":0}',
  });
});
