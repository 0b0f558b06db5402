import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { type Json, stringifyJson } from "../../../src/base/json.ts";
import { transient } from "../../../src/bus/message.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { EVENT_SCHEMA } from "../../../src/feed/event-document.ts";
import { messageEvent, newsTopic } from "../../../src/feed/message-event.ts";

const TIME = "2026-01-02T03:04:05.678Z";
const schema = topicSchema("te");

function eventOf(topic: string, payload: string | Uint8Array): object {
  const news = newsTopic(schema, topic);
  if (news === undefined) throw new Error(`${topic} is no news`);
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const event = messageEvent(news, { ...transient(topic, ""), payload: bytes }, TIME);
  expect(v.is(EVENT_SCHEMA, event)).toBe(true);
  return event;
}

const text = (value: unknown) => stringifyJson(value as Json);

describe("topics", () => {
  test.each([
    "te/device/x///status/health",
    "te/device/x/service/s/status/health",
    "te/device/x///a/hot",
    "te/device/x///a/",
    "te/device/x///cmd/restart/1",
    "te/plant1/hallB/line3/robot4/a/hot",
  ])("%s is followed", (topic) => {
    expect(newsTopic(schema, topic)).toBeDefined();
  });

  test.each([
    "te/device/x///status/flows",
    "te/device/x///a/hot/meta",
    "te/device/x///cmd/restart",
    "te/device/x///cmd/health/check",
    "te/device/x///m/temperature",
    "te/device/x///twin/name",
    "te/device/x//",
    "te/errors",
    "other/device/x///a/hot",
  ])("%s is not", (topic) => {
    expect(newsTopic(schema, topic)).toBeUndefined();
  });
});

describe("health", () => {
  const TOPIC = "te/device/x/service/s/status/health";
  const common = { id: "device/x/service/s", kind: "health", time: TIME };

  test("is told with its status and as it was reported", () => {
    const payload = { pid: 1, status: "up", time: 5 };
    expect(eventOf(TOPIC, text(payload))).toEqual({ ...common, change: "reported", status: "up", payload });
  });

  test("that is not sound is unknown, and told as it is", () => {
    expect(eventOf(TOPIC, "up!")).toEqual({ ...common, change: "reported", status: "unknown", text: "up!" });
    expect(eventOf(TOPIC, "5")).toEqual({ ...common, change: "reported", status: "unknown", payload: 5 });
  });

  test("of a bridge of mosquitto is 1 or 0", () => {
    const event = eventOf("te/device/main/service/mosquitto-c8y-bridge/status/health", "1");
    expect(event).toMatchObject({ status: "up", payload: 1 });
  });

  test("may be cleared", () => {
    expect(eventOf(TOPIC, "")).toEqual({ ...common, change: "cleared" });
  });
});

describe("an alarm", () => {
  const common = { id: "device/x//", kind: "alarm", time: TIME, type: "hot" };

  test("is raised with its payload", () => {
    const payload = { severity: "major", text: "Hot\nand loud" };
    expect(eventOf("te/device/x///a/hot", text(payload))).toEqual({ ...common, change: "raised", payload });
  });

  test("that is no JSON is a text, one that is no UTF-8 with replacements", () => {
    expect(eventOf("te/device/x///a/hot", "{\n")).toEqual({ ...common, change: "raised", text: "{\n" });
    const broken = new Uint8Array([0x61, 0xff, 0x62]);
    expect(eventOf("te/device/x///a/hot", broken)).toEqual({ ...common, change: "raised", text: "a\ufffdb" });
  });

  test("is cleared by an empty payload, and by a single NUL", () => {
    expect(eventOf("te/device/x///a/hot", "")).toEqual({ ...common, change: "cleared" });
    expect(eventOf("te/device/x///a/hot", "\0")).toEqual({ ...common, change: "cleared" });
  });

  test("keeps the spelling of its numbers", () => {
    const event = eventOf("te/device/x///a/hot", '{"limit":9007199254740993,"at":2.0}');
    expect(text(event)).toContain('"payload":{"limit":9007199254740993,"at":2.0}');
  });
});

describe("a command", () => {
  const TOPIC = "te/device/x///cmd/restart/local-7";
  const common = { id: "device/x//", kind: "command", time: TIME, operation: "restart", command: "local-7" };

  test("is told with its state", () => {
    const payload = { status: "failed", reason: "no" };
    expect(eventOf(TOPIC, text(payload))).toEqual({ ...common, change: "state", status: "failed", payload });
  });

  test.each(["{}", '{"status":5}', "[]"])("%s has no status", (payload) => {
    expect(eventOf(TOPIC, payload)).toEqual({ ...common, change: "state", payload: JSON.parse(payload) });
  });

  test("may be cleared", () => {
    expect(eventOf(TOPIC, "")).toEqual({ ...common, change: "cleared" });
  });
});
