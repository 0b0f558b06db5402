import type { EntityId } from "../bus/entity-id.ts";

/** An event of an entity that was not told of yet, kept until it is. */
export interface EarlyEvent<T> {
  readonly topic: string;
  readonly event: T;
  /** What it counts for, in bytes or characters. */
  readonly size: number;
}

export interface EarlyLimits {
  readonly events: number;
  readonly size: number;
}

/**
 * Events of entities that are not registered, or that were not told of as registered yet: a health message overtakes the registration that
 * it causes, which has to reach the disk first. When there are too many, those of the entity that waits longest are forgotten.
 */
export interface EarlyEvents<T> {
  readonly count: number;
  hold(id: EntityId, early: EarlyEvent<T>): void;
  /** The topic was cleared: as if nothing had been there. */
  forget(id: EntityId, topic: string): void;
  /** Takes out what is held of an entity, in order of arrival. */
  take(id: EntityId): readonly T[];
}

export function createEarlyEvents<T>(limits: EarlyLimits): EarlyEvents<T> {
  const held = new Map<EntityId, EarlyEvent<T>[]>();
  let count = 0;
  let size = 0;

  const takeOut = (id: EntityId): readonly EarlyEvent<T>[] => {
    const events = held.get(id) ?? [];
    held.delete(id);
    count -= events.length;
    size -= events.reduce((sum, early) => sum + early.size, 0);
    return events;
  };

  const put = (id: EntityId, early: EarlyEvent<T>) => {
    const events = held.get(id);
    if (events === undefined) held.set(id, [early]);
    else events.push(early);
    count += 1;
    size += early.size;
  };

  return {
    get count() {
      return count;
    },
    hold(id, early) {
      put(id, early);
      for (const oldest of held.keys()) {
        if (count <= limits.events && size <= limits.size) return;
        takeOut(oldest);
      }
    },
    forget(id, topic) {
      for (const early of takeOut(id)) if (early.topic !== topic) put(id, early);
    },
    take: (id) => takeOut(id).map(({ event }) => event),
  };
}
