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
  readonly fragments: ReadonlyMap<string, EarlyFragment>;
  readonly config?: Extract<DataContent, { readonly kind: "config" }>;
}

export interface EarlyFragment {
  readonly value: Json;
  /** Of two that came, the later one has the larger number. */
  readonly order: number;
}

/**
 * Holds twin data and configurations of entities that are not registered yet: the broker retains them, so they belong to the entity as
 * soon as it is, in whatever order the messages come.
 */
export interface EarlyData {
  /** In order of arrival. */
  entries(): [EntityId, Early][];
  /** False when there is no room: the content is not kept. */
  hold(id: EntityId, registers: boolean, content: DataContent | undefined): boolean;
  /** The order of what came last. */
  readonly order: number;
  hasContent(id: EntityId): boolean;
  get(id: EntityId): Early | undefined;
  /** Forgets what the topic behind the entity id said, as it is cleared now. */
  forget(id: EntityId, suffix: string): void;
  take(id: EntityId): Early | undefined;
}

export function createEarlyData(rollback: Rollback, limit: number): EarlyData {
  const early = new Map<EntityId, Held>();
  const total = new Map([["items", 0]]);
  let order = 0;

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
        order += 1;
        rollback.set(held.fragments, content.key, { value: content.value, order });
      }
      rollback.set(early, id, {
        ...held,
        registers: held.registers || registers,
        ...(content?.kind === "config" ? { config: content } : {}),
      });
      return true;
    },
    get order() {
      return order;
    },
    hasContent(id) {
      const held = early.get(id);
      return held !== undefined && (held.fragments.size > 0 || held.config !== undefined);
    },
    get: (id) => early.get(id),
    forget(id, suffix) {
      const held = early.get(id);
      const key = suffix.startsWith("/twin/") ? suffix.slice("/twin/".length) : undefined;
      if (held !== undefined && key !== undefined && held.fragments.has(key)) {
        rollback.delete(held.fragments, key);
        count(-1);
      }
      if (held === undefined || suffix !== "/config") return;
      const { config: _, ...rest } = held;
      rollback.set(early, id, rest);
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
  readonly fragments: Map<string, EarlyFragment>;
}
