import { expect, test } from "bun:test";
import { createKinship } from "../../../src/feed/kinship.ts";
import { entityId } from "./an-event.ts";

const MAIN = entityId("device/main");
const LINE = entityId("device/line");
const PUMP = entityId("device/pump");

function plant() {
  const kinship = createKinship();
  kinship.put({ id: MAIN, type: "device" });
  kinship.put({ id: LINE, type: "child-device", parent: MAIN });
  kinship.put({ id: PUMP, type: "child-device", parent: LINE });
  return kinship;
}

test("a path leads from the entity to the root", () => {
  expect(plant().pathOf(PUMP)).toEqual([PUMP, LINE, MAIN]);
  expect(plant().pathOf(MAIN)).toEqual([MAIN]);
});

test("the path of an unknown entity is itself", () => {
  expect(plant().pathOf(entityId("device/x"))).toEqual([entityId("device/x")]);
});

test("an entity that moves has the path of its new parent", () => {
  const kinship = plant();
  kinship.put({ id: PUMP, type: "child-device", parent: MAIN });
  expect(kinship.pathOf(PUMP)).toEqual([PUMP, MAIN]);
});

test("an entity that was removed is not known any more", () => {
  const kinship = plant();
  kinship.remove(PUMP);
  expect([kinship.has(PUMP), kinship.has(LINE)]).toEqual([false, true]);
});
