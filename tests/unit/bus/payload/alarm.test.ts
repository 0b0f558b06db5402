import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { ALARM_SCHEMA, parseAlarm } from "../../../../src/bus/payload/alarm.ts";
import { ANY_RECORD, ANY_TEXT, withoutArrays } from "./any-payload.ts";

function read(text: string): unknown {
  const parsed = parseAlarm(text, "hot");
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

describe("an alarm", () => {
  test("is cleared by an empty text", () => {
    expect(read("")).toEqual({ kind: "cleared" });
  });

  test("has a severity, a text, a time, and whatever else its sender gave", () => {
    expect(read('{"severity":"major","text":"Hot","time":5,"motor":{"id":2.0}}')).toEqual({
      kind: "raised",
      severity: "major",
      text: "Hot",
      time: { seconds: 5, nanoseconds: 0, offset: 0 },
      fragments: { motor: { id: JSON.rawJSON("2.0") } },
    });
  });

  test.each(["{}", '{"severity":null,"text":null,"time":null}', '{"type":5}', '{"type":null}'])(
    "may say nothing: %s",
    (text) => {
      expect(read(text)).toEqual({ kind: "raised", fragments: {} });
    },
  );

  test("may have a type of its own, also an empty one, and any severity", () => {
    expect(read('{"type":"","severity":"odd"}')).toEqual({ kind: "raised", type: "", severity: "odd", fragments: {} });
  });
});

describe("an alarm is refused", () => {
  test.each([
    ['{"severity":1}', "invalid type: integer `1`, expected a string", 13],
    ['{"severity":[]}', "invalid type: sequence, expected a string", 12],
    ['{"text":false}', "invalid type: boolean `false`, expected a string", 13],
    [
      '{"time":{}}',
      "invalid type: map, expected a date formatted as a unix timestamp (as an integer number of seconds) or an ISO-8601 string",
      10,
    ],
    ["null", "invalid type: null, expected struct ThinEdgeAlarmData", 4],
    ["{", "EOF while parsing an object", 1],
  ])("%s: %s", (text, reason, column) => {
    expect(parseAlarm(text, "hot")).toMatchObject({
      ok: false,
      fault: {
        code: "invalid-alarm",
        message: `Alarm conversion error: Parsing of alarm message for the type: hot failed due to error: ${reason} at line 1 column ${column}. Snipped payload: ${text}`,
      },
    });
  });
});

test("the schema accepts what the parser accepts", () => {
  fc.assert(
    fc.property(ANY_RECORD, (text) => {
      expect(v.is(ALARM_SCHEMA, withoutArrays(text))).toBe(parseAlarm(text, "hot").ok);
    }),
    { numRuns: 2_000 },
  );
  for (const value of [5, null, "x"]) expect(v.is(ALARM_SCHEMA, value)).toBe(false);
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(ANY_TEXT, (text) => {
      const parsed = parseAlarm(text, "hot");
      if (!parsed.ok) expect(parsed.fault.message).toStartWith("Alarm conversion error: ");
    }),
    { numRuns: 1_000 },
  );
});
