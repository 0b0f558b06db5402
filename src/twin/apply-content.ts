import { type Json, type JsonObject, sameJson } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { DataContent } from "./early-data.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/** Takes over twin data or a configuration of a registered entity. Nothing is published: its sender has done that. */
export function applyContent(state: RegistryState, id: EntityId, content: DataContent): RegistryEffect[] {
  const { tree, settling } = state;
  if (content.kind === "config") return applyConfig(state, id, content.document);
  const { key, value } = content;
  settling.unconfirmed.get(id)?.delete(key);
  const changed = setFragment(state, id, key, value);
  if (value !== null || changed.length === 0) return changed;
  const record = tree.get(id);
  const isInitial = record?.stored === true && Object.hasOwn(record.registered, key) && record.registered[key] !== null;
  return isInitial ? [{ kind: "store-fragment-removed", id, key }, ...changed] : changed;
}

/** Sets a fragment, or takes it away by `null`. */
export function setFragment({ data, tree }: RegistryState, id: EntityId, key: string, value: Json): RegistryEffect[] {
  if (data.is(id, key, value)) return [];
  // One text for all that belongs to an entity.
  data.set(tree.get(id)?.entity.id ?? id, key, value);
  return [{ kind: "changed", change: { kind: "fragment", id, key, value: value ?? undefined } }];
}

function applyConfig({ data }: RegistryState, id: EntityId, config: JsonObject | undefined): RegistryEffect[] {
  if (sameJson(data.config(id) ?? null, config ?? null)) return [];
  data.setConfig(id, config);
  return [{ kind: "changed", change: { kind: "config", id, config } }];
}
