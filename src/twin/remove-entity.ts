import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { Delivery } from "./arrival.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { SuffixOf } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";

/**
 * Removes an entity and everything below it. Nothing waits: what is known to be retained is cleared at once, what a look-up finds
 * follows, and the registrations go last, children before parents, so that a removal cut short can be resumed (spec/mqtt-api §4.8).
 */
export function removeEntity(state: RegistryState, id: EntityId, origin: Delivery | "api"): RegistryEffect[] {
  if (id === MAIN_DEVICE) {
    return [{ kind: "tell", news: { kind: "refused", id, refusal: { kind: "main-removal" }, origin } }];
  }
  const { tree } = state;
  const entities = tree.subtree(id);
  const ids = entities.map((entity) => entity.id).reverse();
  if (ids.length === 0) {
    forget(state, id);
    return [];
  }
  const stored = ids.map((gone): RegistryEffect => ({ kind: "store-removed", id: gone }));
  const clears = ids.flatMap((gone) => clearKnown(state, gone));
  tree.remove(id);
  for (const gone of ids) {
    forget(state, gone);
    state.rollback.set(state.removing, gone, "search");
  }
  return [...stored, ...clears, { kind: "find-retained", ids }, { kind: "tell", news: { kind: "removed", entities } }];
}

/** The look-up of a removal ended. What was registered anew meanwhile is left alone. */
export function clearFound(
  { removing }: RegistryState,
  ids: readonly EntityId[],
  topics: readonly SuffixOf[],
): RegistryEffect[] {
  const found = topics.filter(({ id, suffix }) => removing.has(id) && suffix !== "");
  return [
    ...found.map(({ id, suffix }): RegistryEffect => ({ kind: "clear", id, suffix })),
    { kind: "clear-registrations", ids: ids.filter((id) => removing.has(id)) },
  ];
}

/** The broker has taken the empty registrations. */
export function confirmCleared({ removing, rollback }: RegistryState, ids: readonly EntityId[]): RegistryEffect[] {
  const done = ids.filter((id) => removing.has(id));
  for (const id of done) rollback.delete(removing, id);
  return done.map((id) => ({ kind: "store-cleared", id }));
}

function clearKnown({ data, retained }: RegistryState, id: EntityId): RegistryEffect[] {
  const suffixes = new Set([...retained.of(id), ...data.keys(id).map((key) => `/twin/${key}`)]);
  if (data.config(id) !== undefined) suffixes.add("/config");
  return [...suffixes].map((suffix) => ({ kind: "clear", id, suffix }));
}

function forget({ data, retained, pending, early, settling, rollback }: RegistryState, id: EntityId): void {
  data.drop(id);
  retained.drop(id);
  pending.discard(id);
  early.take(id);
  rollback.delete(settling.unconfirmed, id);
}
