import type { EntityId } from "../bus/entity-id.ts";
import type { Rollback } from "./rollback.ts";

/**
 * Which topics of an entity the broker holds a retained message on, as far as messages tell: what was delivered as retained, and, since
 * a live delivery does not say whether it is retained (MQTT-3.3.1-9), what is retained by convention. Valid twin topics are left out: the
 * twin data names them. A few short texts an entity.
 */
export interface RetainedTopics {
  /** `suffix` is the topic behind the entity id, with its slash. */
  note(id: EntityId, suffix: string): void;
  forget(id: EntityId, suffix: string): void;
  of(id: EntityId): string[];
  drop(id: EntityId): void;
  /** Drops what belongs to nobody. */
  keepOnly(isWanted: (id: EntityId) => boolean): void;
}

/** More topics of one entity than that are found by the look-up at its removal, or stay behind. */
const TOPICS_PER_ENTITY = 4_096;

export function createRetainedTopics(rollback: Rollback): RetainedTopics {
  const suffixesOf = new Map<EntityId, Set<string>>();
  return {
    note(id, suffix) {
      const suffixes = suffixesOf.get(id) ?? new Set();
      if (suffixes.size === 0) suffixesOf.set(id, suffixes);
      if (suffixes.size < TOPICS_PER_ENTITY) suffixes.add(suffix);
    },
    forget: (id, suffix) => suffixesOf.get(id)?.delete(suffix),
    of: (id) => [...(suffixesOf.get(id) ?? [])],
    drop: (id) => rollback.delete(suffixesOf, id),
    keepOnly(isWanted) {
      for (const id of suffixesOf.keys()) if (!isWanted(id)) suffixesOf.delete(id);
    },
  };
}
