import type { EntityId } from "../bus/entity-id.ts";
import type { Entity } from "../twin/twin.ts";

/** The registered entities as far as they were told of, and who belongs to whom. */
export interface Kinship {
  has(id: EntityId): boolean;
  /** The entity itself, then its parent, and so on up to the root. */
  pathOf(id: EntityId): readonly EntityId[];
  /** Adds or moves. */
  put(entity: Entity): void;
  remove(id: EntityId): void;
}

export function createKinship(): Kinship {
  const parents = new Map<EntityId, EntityId | undefined>();
  return {
    has: (id) => parents.has(id),
    pathOf(id) {
      const path = [id];
      for (let at = parents.get(id); at !== undefined; at = parents.get(at)) path.push(at);
      return path;
    },
    put: ({ id, parent }) => {
      parents.set(id, parent);
    },
    remove: (id) => {
      parents.delete(id);
    },
  };
}
