import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { EVENT_SCHEMA, parseEvent } from "../../../../src/bus/payload/event.ts";
import { ANY_RECORD, ANY_TEXT, withoutArrays } from "./any-payload.ts";

const TOPIC = "te/device/main///e/door";

function read(text: string): unknown {
  const parsed = parseEvent(text, TOPIC);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

function rejection(text: string): string {
  const parsed = parseEvent(text, TOPIC);
  if (parsed.ok) throw new Error(`${text} was accepted`);
  expect(parsed.fault.code).toBe("invalid-event");
  return parsed.fault.message;
}

describe("an event", () => {
  test("has a text, a time, and whatever else its sender gave", () => {
    expect(read('{"text":"Open","time":"2021-04-23T19:00:00+05:00","room":{"number":12}}')).toEqual({
      text: "Open",
      time: { seconds: 1_619_186_400, nanoseconds: 0, offset: 300 },
      fragments: { room: { number: 12 } },
    });
  });

  test.each(["", "{}", '{"text":null,"time":null}', '{"type":5}', '{"type":""}', '{"type":null}', '{"type":{"a":1}}'])(
    "may say nothing: %j",
    (text) => {
      expect(read(text)).toEqual({ fragments: {} });
    },
  );

  test("may have a type of its own, and an empty text", () => {
    expect(read('{"type":"gate","text":""}')).toEqual({ type: "gate", text: "", fragments: {} });
  });

  test("may have its time in seconds", () => {
    expect(read('{"time":1701949168.5}')).toMatchObject({ time: { seconds: 1_701_949_168, nanoseconds: 500_000_000 } });
  });

  test("keeps the spelling and order of what it forwards", () => {
    const text = '{"z":9007199254740993,"a":2.0,"__proto__":{"x":-0},"severity":[1e2]}';
    const parsed = parseEvent(text, TOPIC);
    expect(parsed.ok && JSON.stringify(parsed.value.fragments)).toBe(text);
  });

  test("counts the last of two members with one name", () => {
    expect(read('{"text":"a","text":"b","x":1,"x":2}')).toEqual({ text: "b", fragments: { x: 2 } });
    expect(read('{"text":"a","text":null,"time":1,"time":null}')).toEqual({ fragments: {} });
  });
});

describe("an event is refused", () => {
  const TIME = "expected a date formatted as a unix timestamp (as an integer number of seconds) or an ISO-8601 string";
  test.each([
    ['{"text":5}', "invalid type: integer `5`, expected a string", 9],
    ['{"text":1.50}', "invalid type: floating point `1.5`, expected a string", 12],
    ['{"text":true}', "invalid type: boolean `true`, expected a string", 12],
    ['{"text":["x"]}', "invalid type: sequence, expected a string", 8],
    ['{"text": {}}', "invalid type: map, expected a string", 9],
    ['{"time":true}', `invalid type: boolean \`true\`, ${TIME}`, 12],
    ['{"time":[1]}', `invalid type: sequence, ${TIME}`, 9],
    ['{"x":1e400}', "number out of range", 10],
    ["[]", "invalid type: sequence, expected struct ThinEdgeEventData", 0],
    ["5", "invalid type: integer `5`, expected struct ThinEdgeEventData", 1],
    [" ", "EOF while parsing a value", 1],
    ["open", "expected value", 1],
    ['{"text":"a"', "EOF while parsing an object", 11],
    ['{"text":"a"} x', "trailing characters", 14],
    ['{"text":5,"time":true', "invalid type: integer `5`, expected a string", 9],
  ])("%s: %s", (text, reason, column) => {
    expect(rejection(text)).toBe(
      `Not an event payload: Parsing of event message received on topic: ${TOPIC} failed due to error: ${reason} at line 1 column ${column}. Snipped payload: ${text}`,
    );
  });

  test("with no more than 50 characters of it", () => {
    expect(rejection("😀".repeat(60))).toEndWith(`. Snipped payload: ${"😀".repeat(50)}`);
    expect(rejection("x".repeat(51))).toEndWith(`. Snipped payload: ${"x".repeat(50)}`);
  });
});

test("the schema accepts what the parser accepts", () => {
  fc.assert(
    fc.property(ANY_RECORD, (text) => {
      expect(v.is(EVENT_SCHEMA, withoutArrays(text))).toBe(parseEvent(text, TOPIC).ok);
    }),
    { numRuns: 2_000 },
  );
  for (const value of [5, null, "x"]) expect(v.is(EVENT_SCHEMA, value)).toBe(false);
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(ANY_TEXT, (text) => {
      const parsed = parseEvent(text, TOPIC);
      if (!parsed.ok) expect(parsed.fault.message).toStartWith("Not an event payload: ");
    }),
    { numRuns: 1_000 },
  );
});
