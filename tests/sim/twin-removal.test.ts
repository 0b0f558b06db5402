import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type EntityId, MAIN_DEVICE } from "../../src/bus/entity-id.ts";
import { isLeftOut } from "./twin-left-out.ts";
import { act, anyAction, ENTITIES, emptyDisk, worldAction } from "./twin-plant.ts";
import { TwinWorld } from "./twin-world.ts";

const RUNS = 2_500;

/** Topics of these that the broker retains something on. */
function leftOf({ retained }: TwinWorld, ids: readonly EntityId[]): string[] {
  return [...retained.keys()].filter((topic) =>
    ids.some((id) => topic === `te/${id}` || topic.startsWith(`te/${id}/`)),
  );
}

describe("a removal", () => {
  test("is for good: nobody of the subtree comes back and nothing of them stays, whatever dies at whatever moment", async () => {
    const choice = fc.record({ index: fc.nat(), over: fc.constantFrom("mqtt", "http") });
    const before = fc.array(anyAction, { maxLength: 30 });
    const after = fc.array(worldAction, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(before, choice, after, async (actions, { index, over }, accidents) => {
        const world = new TwinWorld({ sessionRetained: 3 });
        await world.start();
        for (const next of actions) await act(world, next);
        await emptyDisk(world);
        await world.settle();
        // Data of who was left out make the devices of services known again.
        if (ENTITIES.some((id) => isLeftOut(world, id))) return;
        const others = world.twin.list({}).filter(({ id }) => id !== MAIN_DEVICE);
        const root = others[index % Math.max(1, others.length)]?.id;
        if (root === undefined) return;
        // Topics that automatic registration does not look at.
        for (const topic of ["/m/stuck", "/cmd/restart/7", "/foo/bar"]) world.publish(`te/${root}${topic}`, "{}");
        await world.settle();
        const removed = world.twin.list({ root }).map(({ id }) => id);
        if (over === "mqtt") world.publish(`te/${root}`, "");
        else expect(await world.twin.remove(root)).toMatchObject({ ok: true });
        for (const accident of accidents) await act(world, accident);
        await emptyDisk(world);
        await world.settle();
        expect(leftOf(world, removed)).toEqual([]);
        world.crash();
        await world.start();
        await world.settle();
        expect(removed.filter((id) => world.twin.get(id) !== undefined)).toEqual([]);
        expect(leftOf(world, removed)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  test("clears children before their parents, and an entity's data before its registration", async () => {
    const world = new TwinWorld();
    await world.start();
    for (const [topic, parent] of [
      ["a", "main"],
      ["b", "a"],
      ["c", "b"],
    ]) {
      world.publish(`te/device/${topic}//`, { "@type": "child-device", "@parent": `device/${parent}`, name: topic });
      world.publish(`te/device/${topic}///a/hot`, { severity: "major" });
    }
    await world.settle();
    world.take();
    await world.twin.remove("device/a//" as EntityId);
    await world.settle();
    const cleared = world.take();
    const registrations = ["te/device/c// R", "te/device/b// R", "te/device/a// R"];
    expect(cleared.slice(-3)).toEqual(registrations);
    expect(cleared.slice(0, -3).sort()).toEqual(
      ["a", "b", "c"].flatMap((name) => [`te/device/${name}///a/hot R`, `te/device/${name}///twin/name R`]).sort(),
    );
  });
});
