import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { retainedEntity } from "./twin-left-out.ts";
import { type Action, act, ENTITIES, emptyDisk, PLANT, pictureOf, worldAction } from "./twin-plant.ts";
import { TwinWorld } from "./twin-world.ts";

const RUNS = 2_500;

/** What a client says once; none of it depends on what was said before. */
interface Statement {
  readonly topic: string;
  readonly payload: unknown;
  readonly retain: boolean;
}

/**
 * Each entity with all that it says of itself, twin data, configuration and telemetry. Names are those that automatic registration gives,
 * since whether that comes first depends on the order. `parents` chooses among those that suit.
 */
function statements(parents: readonly number[]): Statement[] {
  return PLANT.flatMap(({ id, type, parents: suiting }, index): Statement[] => {
    const parent = suiting[(parents[index] ?? 0) % Math.max(1, suiting.length)];
    const registration = {
      "@type": type,
      "@parent": parent ?? (type === "service" ? id.split("/service/")[0] : "device/main"),
      "@id": `X-${index}`,
      name: id.split("/").findLast((segment) => segment !== ""),
      row: index,
    };
    return [
      { topic: `te/${id}`, payload: registration, retain: true },
      { topic: `te/${id}/twin/site`, payload: { at: index }, retain: true },
      { topic: `te/${id}/config`, payload: { port: index }, retain: true },
      { topic: `te/${id}/m/t`, payload: { t: index }, retain: false },
    ];
  });
}

/** Sorted by topic; as JSON, registrations by what they mean. */
function retainedIn(world: TwinWorld): [string, unknown][] {
  const topics = [...world.retained.keys()].filter((topic) => !topic.endsWith("/status/health")).sort();
  return topics.map((topic) => {
    const id = ENTITIES.find((one) => topic === `te/${one}`);
    return [topic, id === undefined ? JSON.parse(world.retainedText(topic) ?? "null") : retainedEntity(world, id)];
  });
}

/**
 * A broker that dies takes along what only it has heard. And an automatic registration that is published behind the entity's own is taken
 * back when that one comes, but not by the next process: that cannot tell it from a registration of somebody else.
 */
function isExcused({ kind }: Action, autoRegister: boolean): boolean {
  return kind === "lose-broker" || (autoRegister && (kind === "crash" || kind === "restart" || kind === "tear"));
}

describe("a plant that registers itself", () => {
  test("comes out the same in whatever order its messages are sent and whatever happens meanwhile", async () => {
    const all = [...statements([]).keys()];
    const accident = fc.option(worldAction, { nil: undefined });
    const story = fc.record({
      parents: fc.array(fc.nat(2), { minLength: PLANT.length, maxLength: PLANT.length }),
      order: fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      accidents: fc.array(accident, { maxLength: all.length }),
      autoRegister: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(story, async ({ parents, order, accidents, autoRegister }) => {
        const said = statements(parents);
        const say = (world: TwinWorld, index: number) => {
          for (const { topic, payload, retain } of said.slice(index, index + 1))
            world.publish(topic, payload, { retain });
        };
        const tidy = new TwinWorld({ autoRegister });
        await tidy.start();
        for (const index of all) {
          say(tidy, index);
          await tidy.settle();
        }
        const world = new TwinWorld({ autoRegister, sessionRetained: 3 });
        await world.start();
        for (const [at, index] of order.entries()) {
          say(world, index);
          const next = accidents[at];
          if (next !== undefined && !isExcused(next, autoRegister)) await act(world, next);
        }
        await emptyDisk(world);
        await world.settle();
        expect(pictureOf(world).length).toBe(PLANT.length + 1);
        expect(pictureOf(world)).toEqual(pictureOf(tidy));
        expect(retainedIn(world)).toEqual(retainedIn(tidy));
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});
