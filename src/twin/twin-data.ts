import { type Json, type JsonObject, parseJson, sameJson, stringifyJson } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import {
  type PackedFragments,
  packedEntries,
  packedKeys,
  packedValue,
  withFragment,
  withoutFragment,
} from "./packed-fragments.ts";
import type { Rollback } from "./rollback.ts";

/** Twin fragments and exposed configurations by entity. */
export interface TwinData {
  fragment(id: EntityId, key: string): Json | undefined;
  has(id: EntityId, key: string): boolean;
  keys(id: EntityId): string[];
  /** Keys in lexical order. */
  fragments(id: EntityId): JsonObject;
  /** Whether a fragment is this already; `null` stands for none. */
  is(id: EntityId, key: string, value: Json): boolean;
  /** `null` takes the fragment away. */
  set(id: EntityId, key: string, value: Json): void;
  config(id: EntityId): JsonObject | undefined;
  setConfig(id: EntityId, document: JsonObject | undefined): void;
  drop(id: EntityId): void;
}

export function createTwinData(rollback: Rollback): TwinData {
  const fragmentsOf = new Map<EntityId, PackedFragments>();
  const configs = new Map<EntityId, JsonObject>();

  const packed = (id: EntityId) => fragmentsOf.get(id) ?? "";
  const jsonOf = (id: EntityId, key: string) => packedValue(packed(id), key);

  return {
    fragment(id, key) {
      const json = jsonOf(id, key);
      return json === undefined ? undefined : unpack(json);
    },
    has: (id, key) => jsonOf(id, key) !== undefined,
    keys: (id) => packedKeys(packed(id)),
    fragments(id) {
      const entries = packedEntries(packed(id)).sort(([left], [right]) => (left < right ? -1 : 1));
      return Object.fromEntries(entries.map(([key, json]) => [key, unpack(json)]));
    },
    is(id, key, value) {
      const json = jsonOf(id, key);
      if (json === undefined || value === null) return json === undefined && value === null;
      return json === stringifyJson(value) || sameJson(unpack(json), value);
    },
    set(id, key, value) {
      const next =
        value === null ? withoutFragment(packed(id), key) : withFragment(packed(id), key, stringifyJson(value));
      if (next === "") rollback.delete(fragmentsOf, id);
      else rollback.set(fragmentsOf, id, next);
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

/** What was packed was JSON. */
function unpack(json: string): Json {
  const parsed = parseJson(json);
  if (!parsed.ok) throw new Error(`Twin data are damaged: ${parsed.fault.message}`);
  return parsed.value;
}
