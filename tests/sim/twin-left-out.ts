import type { EntityId } from "../../src/bus/entity-id.ts";
import { parseRegistration } from "../../src/bus/payload/registration.ts";
import { effectiveParent } from "../../src/twin/effective-parent.ts";
import type { Entity } from "../../src/twin/twin.ts";
import type { TwinWorld } from "./twin-world.ts";

/** What the broker retains as the registration of an entity, read as the twin reads it. */
export function retainedEntity(world: TwinWorld, id: EntityId): Entity | undefined {
  const text = world.retainedText(`te/${id}`);
  const payload = text === undefined ? undefined : parseRegistration(text);
  if (payload?.ok !== true) return undefined;
  const { type, externalId, health } = payload.value;
  const parent = effectiveParent(id, payload.value);
  return {
    id,
    type,
    ...(parent === undefined ? {} : { parent }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(health === undefined ? {} : { health }),
  };
}

/** A registration that the twin has not let in: it waits for its parent, or was refused. */
export function isLeftOut(world: TwinWorld, id: EntityId): boolean {
  const { parent } = retainedEntity(world, id) ?? {};
  return (parent !== undefined && world.twin.get(parent) === undefined) || wasRefused(world, id);
}

function wasRefused({ logged }: TwinWorld, id: EntityId): boolean {
  return logged.some((line) => line.startsWith("warn ") && line.endsWith(`(topic: te/${id})`));
}
