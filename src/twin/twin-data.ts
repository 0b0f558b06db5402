import type { Json, JsonObject } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Rollback } from "./rollback.ts";

/** Twin fragments and exposed configurations by entity. */
export interface TwinData {
  fragment(id: EntityId, key: string): Json | undefined;
  keys(id: EntityId): string[];
  /** Keys in lexical order. */
  fragments(id: EntityId): JsonObject;
  /** `null` takes the fragment away. */
  set(id: EntityId, key: string, value: Json): void;
  config(id: EntityId): JsonObject | undefined;
  setConfig(id: EntityId, document: JsonObject | undefined): void;
  drop(id: EntityId): void;
}

export function createTwinData(rollback: Rollback): TwinData {
  const fragmentsOf = new Map<EntityId, Map<string, Json>>();
  const configs = new Map<EntityId, JsonObject>();
  return {
    fragment: (id, key) => fragmentsOf.get(id)?.get(key),
    keys: (id) => [...(fragmentsOf.get(id)?.keys() ?? [])],
    fragments: (id) =>
      Object.fromEntries([...(fragmentsOf.get(id) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1))),
    set(id, key, value) {
      const fragments = fragmentsOf.get(id) ?? new Map<string, Json>();
      if (value === null) {
        rollback.delete(fragments, key);
        if (fragments.size === 0) rollback.delete(fragmentsOf, id);
        return;
      }
      if (fragments.size === 0) rollback.set(fragmentsOf, id, fragments);
      rollback.set(fragments, key, value);
    },
    config: (id) => configs.get(id),
    setConfig(id, document) {
      if (document === undefined) rollback.delete(configs, id);
      else rollback.set(configs, id, document);
    },
    drop(id) {
      rollback.delete(fragmentsOf, id);
      rollback.delete(configs, id);
    },
  };
}
