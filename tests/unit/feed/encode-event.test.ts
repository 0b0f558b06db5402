import { expect, test } from "bun:test";
import * as v from "valibot";
import { type Json, parseJson } from "../../../src/base/json.ts";
import { encodeEvent, LARGEST_EVENT } from "../../../src/feed/encode-event.ts";
import { EVENT_SCHEMA, type EventDocument } from "../../../src/feed/event-document.ts";

const ALARM = {
  id: "device/x//",
  kind: "alarm",
  time: "2026-01-02T03:04:05.678Z",
  change: "raised",
  type: "hot",
} as const;

function decode(event: EventDocument): unknown {
  const text = encodeEvent(event);
  expect(text).not.toMatch(/[\r\n]/);
  expect(text.length).toBeLessThanOrEqual(LARGEST_EVENT);
  const decoded: unknown = JSON.parse(text);
  expect(v.is(EVENT_SCHEMA, decoded)).toBe(true);
  return decoded;
}

test("an event is one line of JSON that begins with the entity", () => {
  expect(encodeEvent({ ...ALARM, payload: { a: "\r\n" } })).toStartWith('{"id":"device/x//","kind":"alarm","time":');
  expect(decode({ ...ALARM, text: "one\ntwo\r\nthree\u2028" })).toEqual({ ...ALARM, text: "one\ntwo\r\nthree\u2028" });
});

test("content that is too large is left out and said to be", () => {
  expect(decode({ ...ALARM, text: "x".repeat(LARGEST_EVENT) })).toEqual({ ...ALARM, omitted: true });
  const command = {
    ...ALARM,
    kind: "command",
    change: "state",
    operation: "o",
    command: "1",
    status: "executing",
  } as const;
  const { type: _, ...sound } = command;
  expect(decode({ ...sound, payload: ["x".repeat(LARGEST_EVENT)] })).toEqual({ ...sound, omitted: true });
});

test("a status that is too large is left out too", () => {
  const status = "x".repeat(LARGEST_EVENT);
  const health = { id: ALARM.id, kind: "health", time: ALARM.time, change: "reported" } as const;
  expect(decode({ ...health, status, payload: { status } })).toEqual({ ...health, omitted: true });
});

test("whatever depth could be read can be written", () => {
  const event = { ...ALARM, payload: deepest() };
  expect(JSON.parse(encodeEvent(event))).not.toHaveProperty("omitted");
});

/** JSON as deep as this runtime reads it. */
function deepest(): Json {
  for (let depth = 10_000; depth > 0; depth -= 100) {
    const json = parseJson("[".repeat(depth) + "]".repeat(depth));
    if (json.ok) return json.value;
  }
  throw new Error("Nothing can be read");
}
