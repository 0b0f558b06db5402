import { expect, test } from "bun:test";
import type { EventKind } from "../../../src/feed/event-document.ts";
import { type EventFilter, selects } from "../../../src/feed/event-filter.ts";
import { anEvent, entityId } from "./an-event.ts";

const PUMP = ["device/pump", "device/line", "device/main"];
const scope = (id: string, descendants: boolean): EventFilter => ({ scope: { id: entityId(id), descendants } });
const kinds = (...all: EventKind[]): EventFilter => ({ kinds: new Set(all) });

test.each<[string, EventFilter, boolean]>([
  ["nothing is asked for", {}, true],
  ["its kind is asked for", kinds("twin", "alarm"), true],
  ["another kind is asked for", kinds("twin"), false],
  ["its entity is asked for", scope("device/pump", false), true],
  ["its parent alone is asked for", scope("device/line", false), false],
  ["its parent and all below is asked for", scope("device/line", true), true],
  ["itself and all below is asked for", scope("device/pump", true), true],
  ["another entity is asked for", scope("device/other", true), false],
  ["its entity is asked for, but another kind", { ...scope("device/pump", false), ...kinds("twin") }, false],
  ["nothing of the kind is asked for", kinds(), false],
])("of an alarm, when %s", (_, filter, isSelected) => {
  expect(selects(filter, anEvent("", "alarm", PUMP))).toBe(isSelected);
});

test("a reset is for everybody", () => {
  const filter = { ...scope("device/pump", false), ...kinds("twin") };
  expect(selects(filter, { kind: "reset", path: [], text: "" })).toBe(true);
});
