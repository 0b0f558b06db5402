import { type JsonObject, sameJson } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { DataContent } from "./early-data.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/** Takes over twin data or a configuration of a registered entity. Nothing is published: its sender has done that. */
export function applyContent(state: RegistryState, id: EntityId, content: DataContent): RegistryEffect[] {
  const { data, tree, settling } = state;
  if (content.kind === "config") return applyConfig(state, id, content.document);
  const { key, value } = content;
  settling.unconfirmed.get(id)?.delete(key);
  const before = data.fragment(id, key);
  const changed = setFragment(state, id, key, value);
  if (value !== null || before === undefined) return changed;
  const record = tree.get(id);
  const isInitial = record?.stored === true && Object.hasOwn(record.registered, key) && record.registered[key] !== null;
  return isInitial ? [{ kind: "store-fragment-removed", id, key }, ...changed] : changed;
}

/** Sets a fragment, or takes it away by `null`. */
export function setFragment(
  state: RegistryState,
  id: EntityId,
  key: string,
  value: DataContentValue,
): RegistryEffect[] {
  if (isFragment(state, id, key, value)) return [];
  state.data.set(id, key, value);
  return [{ kind: "changed", change: { kind: "fragment", id, key, value: value ?? undefined } }];
}

function applyConfig({ data }: RegistryState, id: EntityId, config: JsonObject | undefined): RegistryEffect[] {
  if (sameJson(data.config(id) ?? null, config ?? null)) return [];
  data.setConfig(id, config);
  return [{ kind: "changed", change: { kind: "config", id, config } }];
}

/** Whether a fragment is what it is asked to be already; `null` stands for none. */
export function isFragment({ data }: RegistryState, id: EntityId, key: string, value: DataContentValue): boolean {
  return sameJson(data.fragment(id, key) ?? null, value);
}

type DataContentValue = Extract<DataContent, { readonly kind: "fragment" }>["value"];
