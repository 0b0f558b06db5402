import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type EntityId, parseEntityId } from "../../src/bus/entity-id.ts";
import { parseRegistration } from "../../src/bus/payload/registration.ts";
import { effectiveParent } from "../../src/twin/effective-parent.ts";
import { TwinWorld } from "./twin-world.ts";

function id(text: string): EntityId {
  const parsed = parseEntityId(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

/** A plant of five levels; whom each may belong to. */
const PLANT: readonly {
  readonly id: EntityId;
  readonly type: "child-device" | "service";
  readonly parents: string[];
}[] = [
  { id: id("device/l1"), type: "child-device", parents: [] },
  { id: id("device/l2"), type: "child-device", parents: ["device/l1"] },
  { id: id("line/1"), type: "child-device", parents: ["device/l1"] },
  { id: id("device/l3"), type: "child-device", parents: ["device/l1", "device/l2"] },
  { id: id("device/l4"), type: "child-device", parents: ["device/l2", "device/l3", "line/1"] },
  { id: id("device/l5"), type: "child-device", parents: ["device/l4"] },
  { id: id("device/l2/service/s"), type: "service", parents: ["device/l2"] },
  { id: id("device/l5/service/t"), type: "service", parents: [] },
];
const ENTITIES = PLANT.map((entity) => entity.id);

type Action =
  | {
      readonly kind: "register";
      readonly entity: number;
      readonly parent: number;
      readonly twin: object;
      readonly over: "mqtt" | "http";
    }
  | { readonly kind: "remove"; readonly entity: number; readonly over: "mqtt" | "http" }
  | { readonly kind: "move"; readonly entity: number; readonly parent: number }
  | {
      readonly kind: "twin";
      readonly entity: number;
      readonly key: string;
      readonly value: number | null;
      readonly over: "mqtt" | "http";
    }
  | { readonly kind: "telemetry"; readonly entity: number }
  | { readonly kind: "flush" | "deliver" | "read"; readonly times: number }
  | { readonly kind: "time"; readonly milliseconds: number }
  | { readonly kind: "crash" | "restart" | "lose-broker" }
  | { readonly kind: "fill-disk" }
  | { readonly kind: "tear"; readonly part: number };

const entity = fc.nat(PLANT.length - 1);
const over = fc.constantFrom("mqtt", "http");
const key = fc.constantFrom("name", "row");
const value = fc.option(fc.nat(3));
const twin = fc.dictionary(key, value, { noNullPrototype: true });

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("register"), entity, parent: fc.nat(3), twin, over }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove"), entity, over }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move"), entity, parent: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("twin"), entity, key, value, over }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("telemetry"), entity }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom("flush", "deliver", "read"), times: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time"), milliseconds: fc.nat(3_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("crash", "restart", "lose-broker") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fill-disk") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("tear"), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
);

async function act(world: TwinWorld, next: Action): Promise<void> {
  switch (next.kind) {
    case "register":
      return register(world, next);
    case "remove":
      if (next.over === "mqtt") world.publish(`te/${ENTITIES[next.entity]}`, "");
      else await world.twin.remove(ENTITIES[next.entity] as EntityId);
      return;
    case "move": {
      const { id: moved, parents } = PLANT[next.entity] as (typeof PLANT)[number];
      await world.twin.update(moved, { parent: id(parents[next.parent] ?? "device/main") });
      return;
    }
    case "twin":
      if (next.over === "mqtt") world.publish(`te/${ENTITIES[next.entity]}/twin/${next.key}`, next.value ?? "");
      else await world.twin.setFragment(ENTITIES[next.entity] as EntityId, next.key, next.value);
      return;
    case "telemetry":
      world.publish(`te/${ENTITIES[next.entity]}/m/t`, "{}", { retain: false });
      return;
    case "flush":
    case "deliver":
    case "read":
      for (let n = 0; n < next.times; n += 1) await move(world, next.kind);
      return;
    case "time":
      return world.clock.advance(next.milliseconds);
    case "fill-disk":
      world.disk.isFull = true;
      return;
    case "crash":
      await emptyDisk(world);
      world.crash();
      return world.start();
    case "tear":
      await emptyDisk(world);
      await world.crashWhileDelivering(next.part);
      return world.start();
    case "restart":
      await emptyDisk(world);
      await world.stop();
      return world.start();
    case "lose-broker":
      // What nobody has heard of yet would be lost with the broker, whatever the twin does.
      await world.settle();
      return world.loseBroker("everything");
  }
}

function move(world: TwinWorld, direction: "flush" | "deliver" | "read"): Promise<void> {
  switch (direction) {
    case "flush":
      return world.flushOne();
    case "deliver":
      return world.deliverOne();
    case "read":
      return world.readOne();
  }
}

/** What never got to a full disk is lost with the process, as far as the broker does not retain it: that cannot be helped. */
async function emptyDisk(world: TwinWorld): Promise<void> {
  if (!world.disk.isFull) return;
  world.disk.isFull = false;
  await world.clock.advance(60_000);
}

async function register(world: TwinWorld, next: Extract<Action, { readonly kind: "register" }>): Promise<void> {
  const { id: registered, type, parents } = PLANT[next.entity] as (typeof PLANT)[number];
  const parent = parents[next.parent];
  if (next.over === "mqtt") {
    const payload = { "@type": type, ...(parent === undefined ? {} : { "@parent": parent }), ...next.twin };
    return world.publish(`te/${registered}`, payload);
  }
  await world.twin.register({
    id: registered,
    type,
    ...(parent === undefined ? {} : { parent: id(parent) }),
    twin: { ...next.twin },
  });
}

/** What must hold whenever everything has come to rest. */
function checkConsistent(world: TwinWorld): void {
  const { twin } = world;
  const listed = new Map(twin.list({}).map((listedEntity) => [listedEntity.id, listedEntity]));
  for (const known of ENTITIES) {
    const found = twin.get(known);
    const text = world.retainedText(`te/${known}`);
    const registration = text === undefined ? undefined : parseRegistration(text);
    const retainedParent = registration?.ok ? effectiveParent(known, registration.value) : undefined;
    // No orphan and no cycle: whoever is known is reached from the main device.
    expect(listed.get(known)).toEqual(found);
    // Bus and twin agree on who there is and on whose child; whoever is not known waits for a parent.
    const isWaiting = retainedParent !== undefined && twin.get(retainedParent) === undefined;
    if (found === undefined) expect([known, text === undefined || isWaiting]).toEqual([known, true]);
    else if (!isWaiting) expect([known, retainedParent]).toEqual([known, found.parent]);
    // Bus and twin agree on the twin data, and nothing is left of who is gone.
    const retainedTwin = Object.fromEntries(
      ["name", "row"].flatMap((name) => {
        const json = world.retainedText(`te/${known}/twin/${name}`);
        return json === undefined ? [] : [[name, JSON.parse(json)]];
      }),
    );
    if (found !== undefined)
      expect({ known, ...fragmentsIn(twin.fragments(known)) }).toEqual({ known, ...retainedTwin });
    else if (isRegistrable(known) && !someoneWaits(world)) expect({ known, ...retainedTwin }).toEqual({ known });
  }
}

function fragmentsIn(result: ReturnType<TwinWorld["twin"]["fragments"]>): object {
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** Its data make it known, so that data of someone unknown are what a removal left behind. */
function isRegistrable(known: EntityId): boolean {
  return known.startsWith("device/");
}

/** Whether a registration waits for its parent, which may keep others from being registered. */
function someoneWaits({ twin, retained }: TwinWorld): boolean {
  return ENTITIES.some((known) => retained.has(`te/${known}`) && twin.get(known) === undefined);
}

function pictureOf({ twin }: TwinWorld): unknown {
  return twin.list({}).map((listed) => ({ ...listed, twin: fragmentsIn(twin.fragments(listed.id)) }));
}

describe("the twin in a world of crashes, restarts and lost brokers", () => {
  test("comes to rest with a sound tree on which bus, memory and disk agree, whatever happened in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        fc.constantFrom(0, 3, 1_000),
        async (actions, sessionRetained) => {
          const world = new TwinWorld({ sessionRetained });
          await world.start();
          for (const next of actions) await act(world, next);
          await emptyDisk(world);
          await world.settle();
          checkConsistent(world);
          // Once more all that is retained comes, which may register the missing parent of one that waits.
          if (someoneWaits(world)) return;
          const before = pictureOf(world);
          world.take();
          world.crash();
          await world.start();
          await world.settle();
          expect(pictureOf(world)).toEqual(before);
          expect(world.take()).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
