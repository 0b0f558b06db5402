import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EntityId } from "../../src/bus/entity-id.ts";
import type { Entity } from "../../src/twin/twin.ts";
import { isLeftOut, retainedEntity } from "./twin-left-out.ts";
import { mirrorOf } from "./twin-mirror.ts";
import { act, anyAction, contentOf, ENTITIES, emptyDisk, pictureOf } from "./twin-plant.ts";
import { TwinWorld } from "./twin-world.ts";

const RUNS = 5_000;

function retainedTwin(world: TwinWorld, id: EntityId): object {
  const entries = ["name", "row"].flatMap((name) => {
    const json = world.retainedText(`te/${id}/twin/${name}`);
    return json === undefined ? [] : [[name, JSON.parse(json)]];
  });
  return Object.fromEntries(entries);
}

/** What must hold whenever everything has come to rest. */
function checkConsistent(world: TwinWorld, autoRegister: boolean): void {
  const { twin } = world;
  const listed = new Map(twin.list({}).map((entity) => [entity.id, entity]));
  const externalIds = [...listed.values()].flatMap(({ externalId }) => externalId ?? []);
  expect(new Set(externalIds).size).toBe(externalIds.length);
  const isAnyoneLeftOut = ENTITIES.some((id) => isLeftOut(world, id));
  for (const id of ENTITIES) {
    const found = twin.get(id);
    const retained = retainedEntity(world, id);
    // No orphan and no cycle: whoever is known is reached from the main device, but for a second root, which lives as long as the process.
    if (found?.type === "device" || isBelowSecondRoot(world, found)) continue;
    expect({ id, listed: listed.get(id) }).toEqual({ id, listed: found });
    // Bus and twin agree on who there is, and on what it is.
    if (!isLeftOut(world, id)) expect({ id, retained }).toEqual({ id, retained: found });
    // Bus and twin agree on the twin data, and nothing is left of who is gone.
    if (found !== undefined)
      expect({ id, ...contentOf(twin.fragments(id)) }).toEqual({ id, ...retainedTwin(world, id) });
    else if (autoRegister && isRegistrable(id) && !isAnyoneLeftOut) {
      expect({ id, ...retainedTwin(world, id) }).toEqual({ id });
    }
  }
}

function isBelowSecondRoot({ twin }: TwinWorld, entity: Entity | undefined): boolean {
  let at = entity;
  while (at?.parent !== undefined) at = twin.get(at.parent);
  return at?.type === "device" && at.id !== "device/main//";
}

/** Its data make it known, so that data of someone unknown are what a removal left behind. */
function isRegistrable(id: EntityId): boolean {
  return id.startsWith("device/");
}

describe("the twin in a world of crashes, restarts and lost brokers", () => {
  test("comes to rest with a sound tree on which bus, memory, disk and watchers agree, whatever happened in whatever order", async () => {
    const options = fc.record({ sessionRetained: fc.constantFrom(0, 3, 1_000), autoRegister: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAction, { maxLength: 50 }),
        options,
        async (actions, { sessionRetained, autoRegister }) => {
          const mirror = mirrorOf();
          const world = new TwinWorld({ sessionRetained, autoRegister, opened: mirror.follow });
          await world.start();
          for (const next of actions) await act(world, next);
          await emptyDisk(world);
          await world.settle();
          checkConsistent(world, autoRegister);
          mirror.check();
          // Once more all that is retained comes, which may let in who was left out.
          if (ENTITIES.some((id) => isLeftOut(world, id) || world.twin.get(id)?.type === "device")) return;
          const before = pictureOf(world);
          world.take();
          world.crash();
          await world.start();
          await world.settle();
          expect(pictureOf(world)).toEqual(before);
          expect(world.take()).toEqual([]);
          mirror.check();
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);
});
