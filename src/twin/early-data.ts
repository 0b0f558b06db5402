import type { Json, JsonObject } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Rollback } from "./rollback.ts";

/** What a message on a twin or config topic says; `null` and no document take away what was there. */
export type DataContent =
  | { readonly kind: "fragment"; readonly key: string; readonly value: Json }
  | { readonly kind: "config"; readonly document: JsonObject | undefined };

/** Data of one entity that came before its registration. */
export interface Early {
  /** One of the messages makes the entity be registered automatically. */
  readonly registers: boolean;
  readonly fragments: ReadonlyMap<string, Json>;
  readonly config?: Extract<DataContent, { readonly kind: "config" }>;
}

/**
 * Holds data of entities that are not registered yet: until the retained messages of a new subscription are all in, since they come in
 * any order, or while the entity's registration waits for its parent.
 */
export interface EarlyData {
  /** In order of arrival. */
  entries(): [EntityId, Early][];
  /** False when there is no room: the content is not kept. */
  hold(id: EntityId, registers: boolean, content: DataContent | undefined): boolean;
  /** Forgets fragments that a newer registration brings itself. */
  supersede(id: EntityId, keys: readonly string[]): void;
  take(id: EntityId): Early | undefined;
}

export function createEarlyData(rollback: Rollback, limit: number): EarlyData {
  const early = new Map<EntityId, Held>();
  const total = new Map([["items", 0]]);

  const count = (change: number) => rollback.set(total, "items", (total.get("items") ?? 0) + change);

  const open = (id: EntityId): Held => {
    const held = early.get(id);
    if (held !== undefined) return held;
    count(1);
    return { registers: false, fragments: new Map() };
  };

  return {
    entries: () => [...early],
    hold(id, registers, content) {
      if ((total.get("items") ?? 0) >= limit) return false;
      const held = open(id);
      if (content?.kind === "fragment") {
        if (!held.fragments.has(content.key)) count(1);
        rollback.set(held.fragments, content.key, content.value);
      }
      rollback.set(early, id, {
        ...held,
        registers: held.registers || registers,
        ...(content?.kind === "config" ? { config: content } : {}),
      });
      return true;
    },
    supersede(id, keys) {
      const fragments = early.get(id)?.fragments;
      for (const key of keys) {
        if (fragments?.has(key) !== true) continue;
        rollback.delete(fragments, key);
        count(-1);
      }
    },
    take(id) {
      const held = early.get(id);
      if (held === undefined) return undefined;
      rollback.delete(early, id);
      count(-1 - held.fragments.size);
      return held;
    },
  };
}

interface Held extends Early {
  readonly fragments: Map<string, Json>;
}
