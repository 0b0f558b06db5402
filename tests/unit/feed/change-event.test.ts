import { expect, test } from "bun:test";
import * as v from "valibot";
import { changeEvent } from "../../../src/feed/change-event.ts";
import { EVENT_SCHEMA } from "../../../src/feed/event-document.ts";
import type { TwinChange } from "../../../src/twin/twin.ts";
import { entityId } from "./an-event.ts";

const time = "2026-01-02T03:04:05.678Z";
const PUMP = entityId("device/pump");
const AGENT = entityId("device/pump/service/agent");

test.each<[TwinChange, object]>([
  [
    { kind: "registered", entity: { id: PUMP, type: "child-device", parent: entityId("device/main") } },
    {
      kind: "registration",
      change: "registered",
      entity: { "@topic-id": "device/pump//", "@parent": "device/main//", "@type": "child-device" },
    },
  ],
  [
    { kind: "updated", entity: { id: PUMP, type: "child-device", externalId: "P1", health: AGENT } },
    {
      kind: "registration",
      change: "updated",
      entity: { "@topic-id": "device/pump//", "@type": "child-device", "@id": "P1", "@health": AGENT },
    },
  ],
  [
    { kind: "removed", entity: { id: PUMP, type: "child-device" } },
    { kind: "registration", change: "removed", entity: { "@topic-id": "device/pump//", "@type": "child-device" } },
  ],
  [
    { kind: "fragment", id: PUMP, key: "site", value: { row: 2 } },
    { kind: "twin", change: "set", key: "site", value: { row: 2 } },
  ],
  [
    { kind: "fragment", id: PUMP, key: "site", value: undefined },
    { kind: "twin", change: "removed", key: "site" },
  ],
  [
    { kind: "config", id: PUMP, config: { "device.id": "x" } },
    { kind: "config", change: "set", config: { "device.id": "x" } },
  ],
  [
    { kind: "config", id: PUMP, config: undefined },
    { kind: "config", change: "removed" },
  ],
])("%j", (change, expected) => {
  const event = changeEvent(change, time);
  expect<object>(event).toEqual({ id: "device/pump//", time, ...expected });
  expect(v.is(EVENT_SCHEMA, event)).toBe(true);
});
