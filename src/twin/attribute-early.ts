import type { EntityId } from "../bus/entity-id.ts";
import { registerAutomatically } from "./register-automatically.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/**
 * Finds an owner for data that came before their entity: it is registered if it may be, which takes its data along. Else they go on
 * waiting for a registration, with a word unless one is pending.
 */
export function attributeEarly(state: RegistryState, id: EntityId, registers: boolean): RegistryEffect[] {
  const { tree, pending, early } = state;
  const effects = registers && !tree.has(id) ? registerAutomatically(state, id) : [];
  if (pending.has(id)) return effects;
  if (early.hasContent(id)) return [...effects, { kind: "tell", news: { kind: "data-of-unknown", id } }];
  early.take(id);
  return effects;
}
