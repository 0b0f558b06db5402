import fc from "fast-check";
import { type EntityId, MAIN_DEVICE } from "../../src/bus/entity-id.ts";
import type { EntityType } from "../../src/bus/payload/registration.ts";
import { id } from "../unit/twin/registry-world.ts";
import type { TwinWorld } from "./twin-world.ts";

/** An entity of the plant, and whom it may belong to; without any, to whom it belongs by default. */
export interface PlantEntity {
  readonly id: EntityId;
  readonly type: "child-device" | "service";
  readonly parents: readonly string[];
}

/** A plant of five levels below the main device, of both topic schemes, with services. */
export const PLANT: readonly PlantEntity[] = [
  { id: id("device/l1"), type: "child-device", parents: [] },
  { id: id("device/l2"), type: "child-device", parents: ["device/l1"] },
  { id: id("line/1"), type: "child-device", parents: ["device/l1"] },
  { id: id("device/l3"), type: "child-device", parents: ["device/l1", "device/l2"] },
  { id: id("device/l4"), type: "child-device", parents: ["device/l2", "device/l3", "line/1"] },
  { id: id("device/l5"), type: "child-device", parents: ["device/l4"] },
  { id: id("device/l2/service/s"), type: "service", parents: ["device/l2"] },
  { id: id("device/l5/service/t"), type: "service", parents: [] },
];
export const ENTITIES: readonly EntityId[] = PLANT.map((entity) => entity.id);

/** Something that a client, the network, the disk or the machine does. */
export type Action =
  | {
      readonly kind: "register";
      readonly entity: number;
      readonly type: EntityType | undefined;
      readonly parent: ParentChoice;
      readonly externalId: string | undefined;
      readonly health: number | undefined;
      readonly twin: object;
      readonly over: "mqtt" | "http";
    }
  | { readonly kind: "remove"; readonly entity: number; readonly over: "mqtt" | "http" }
  | { readonly kind: "move"; readonly entity: number; readonly parent: ParentChoice }
  | {
      readonly kind: "twin";
      readonly entity: number;
      readonly key: string;
      readonly value: number | null;
      readonly over: "mqtt" | "http";
    }
  | { readonly kind: "replace-twin"; readonly entity: number; readonly twin: object }
  | { readonly kind: "config"; readonly entity: number; readonly value: number | null }
  | { readonly kind: "telemetry" | "bad-registration"; readonly entity: number }
  | { readonly kind: "flush" | "deliver" | "read"; readonly times: number }
  | { readonly kind: "time"; readonly milliseconds: number }
  | { readonly kind: "crash" | "restart" | "lose-broker" | "fill-disk" }
  | { readonly kind: "tear"; readonly part: number };

/** One of those that suit the entity, or any of the plant, itself included. */
interface ParentChoice {
  readonly suits: boolean;
  readonly index: number;
}

const over = fc.constantFrom("mqtt", "http");
const key = fc.constantFrom("name", "row");
const value = fc.option(fc.nat(3));
const twin = fc.dictionary(key, value, { noNullPrototype: true });
const entity = fc.nat(PLANT.length - 1);
const parent = fc.record({ suits: fc.constantFrom(true, true, true, true, false), index: fc.nat(PLANT.length - 1) });
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

/** What clients do. */
export const clientAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("register"),
      entity,
      parent,
      twin,
      over,
      type: rarely(fc.constantFrom("device", "child-device", "service")),
      externalId: seldom(fc.constantFrom("A", "B", "a/+#")),
      health: rarely(entity),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove"), entity, over }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move"), entity, parent }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("twin"), entity, key, value, over }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replace-twin"), entity, twin }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("config"), entity, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("telemetry", "telemetry", "bad-registration"), entity }) },
);

/** What the world does: messages move, time passes, processes and brokers die, the disk fails, tears and is full. */
export const worldAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom("flush", "deliver", "read"),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time"), milliseconds: fc.nat(3_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("crash", "restart", "lose-broker") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fill-disk") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("tear"), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
);

export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: clientAction },
  { weight: 3, arbitrary: worldAction },
);

export async function act(world: TwinWorld, next: Action): Promise<void> {
  switch (next.kind) {
    case "register":
      return register(world, next);
    case "remove":
      if (next.over === "mqtt") world.publish(`te/${idOf(next)}`, "");
      else await world.twin.remove(idOf(next));
      return;
    case "move": {
      const moved = parentOf(next) ?? MAIN_DEVICE;
      await world.twin.update(idOf(next), { parent: moved });
      return;
    }
    case "twin":
      if (next.over === "mqtt") world.publish(`te/${idOf(next)}/twin/${next.key}`, next.value ?? "");
      else await world.twin.setFragment(idOf(next), next.key, next.value);
      return;
    case "replace-twin":
      await world.twin.replaceFragments(idOf(next), { ...next.twin });
      return;
    case "config":
      return world.publish(`te/${idOf(next)}/config`, next.value === null ? "" : { port: next.value });
    case "telemetry":
      return world.publish(`te/${idOf(next)}/m/t`, "{}", { retain: false });
    case "bad-registration":
      return world.publish(`te/${idOf(next)}`, { "@type": "pump" }, { retain: false });
    case "flush":
    case "deliver":
    case "read":
      for (let n = 0; n < next.times; n += 1) await carry(world, next.kind);
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

/** What never got to a full disk is lost with the process, as far as the broker does not retain it: that cannot be helped. */
export async function emptyDisk(world: TwinWorld): Promise<void> {
  if (!world.disk.isFull) return;
  world.disk.isFull = false;
  for (let second = 0; second < LONGEST_RETRY; second += 1) {
    // The broker does not keep to itself for a minute what is published.
    while (world.waitingIn > 0 && second % 10 === 0) {
      await world.deliverOne();
      await world.readOne();
    }
    await world.clock.advance(1_000);
  }
}

/** Seconds after which a disk is tried again at the latest. */
const LONGEST_RETRY = 60;

/** Everything that can be seen of the twin. */
export function pictureOf({ twin: pictured }: TwinWorld): object[] {
  return pictured.list({}).map((listed) => ({
    ...listed,
    twin: contentOf(pictured.fragments(listed.id)),
    config: contentOf(pictured.exposedConfig(listed.id)),
  }));
}

export function contentOf<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!result.ok) throw new Error("The entity is unknown");
  return result.value;
}

function idOf({ entity: at }: { readonly entity: number }): EntityId {
  return ENTITIES[at] ?? MAIN_DEVICE;
}

function parentOf({ entity: at, parent: choice }: { readonly entity: number; readonly parent: ParentChoice }) {
  if (!choice.suits) return ENTITIES[choice.index];
  const suiting = PLANT[at]?.parents[choice.index];
  return suiting === undefined ? undefined : id(suiting);
}

function carry(world: TwinWorld, direction: "flush" | "deliver" | "read"): Promise<void> {
  switch (direction) {
    case "flush":
      return world.flushOne();
    case "deliver":
      return world.deliverOne();
    case "read":
      return world.readOne();
  }
}

async function register(world: TwinWorld, next: Extract<Action, { readonly kind: "register" }>): Promise<void> {
  const type = next.type ?? PLANT[next.entity]?.type ?? "child-device";
  const { externalId } = next;
  const belongsTo = parentOf(next);
  const health = next.health === undefined ? undefined : ENTITIES[next.health];
  if (next.over === "mqtt") {
    world.publish(`te/${idOf(next)}`, {
      "@type": type,
      ...(belongsTo === undefined ? {} : { "@parent": belongsTo }),
      ...(externalId === undefined ? {} : { "@id": externalId }),
      ...(health === undefined ? {} : { "@health": health }),
      ...next.twin,
    });
    return;
  }
  await world.twin.register({
    id: idOf(next),
    type,
    ...(belongsTo === undefined ? {} : { parent: belongsTo }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(health === undefined ? {} : { health }),
    twin: { ...next.twin },
  });
}
