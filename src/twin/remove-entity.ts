import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { Delivery } from "./arrival.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { FoundInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import type { Entity } from "./twin.ts";

/**
 * Removes an entity and everything below it. Nothing waits: what is known to be retained is cleared at once, what a look-up finds
 * follows, and the registrations go last, children before parents, so that a removal cut short can be resumed (spec/mqtt-api §4.8).
 *
 * Who is not registered, but waits for its parent or sent data while that could not be decided, is treated the same, as it must not come
 * back by what is retained.
 */
export function removeEntity(state: RegistryState, id: EntityId, origin: Delivery | "api"): RegistryEffect[] {
  if (id === MAIN_DEVICE) {
    return [{ kind: "tell", news: { kind: "refused", id, refusal: { kind: "main-removal" }, origin } }];
  }
  const { tree } = state;
  const entities = tree.subtree(id);
  if (entities.length === 0 && !isAwaited(state, id)) return [];
  const ids = entities.length === 0 ? [id] : entities.map((entity) => entity.id).reverse();
  state.lastRemoval += 1;
  const removal = state.lastRemoval;
  const stored = ids.map((gone): RegistryEffect => ({ kind: "store-removed", id: gone }));
  const clears = ids.flatMap((gone) => clearKnown(state, gone));
  tree.remove(id);
  for (const gone of ids) {
    forget(state, gone);
    state.rollback.set(state.removing, gone, removal);
  }
  return [
    ...stored,
    ...clears,
    { kind: "find-retained", removal, ids },
    ...entities.toReversed().map(gone),
    ...tell(entities),
  ];
}

function isAwaited({ pending, early }: RegistryState, id: EntityId): boolean {
  return pending.has(id) || early.get(id)?.registers === true;
}

/** The look-up of a removal ended. What was registered anew meanwhile is left alone. */
export function clearFound(state: RegistryState, { removal, ids, topics }: FoundInput): RegistryEffect[] {
  const isRemoved = (id: EntityId) => state.removing.get(id) === removal;
  const found = topics.filter(({ id, suffix }) => isRemoved(id) && suffix !== "");
  for (const { id, suffix } of found) state.early.forget(id, suffix);
  return [
    ...found.map(({ id, suffix }): RegistryEffect => ({ kind: "clear", id, suffix })),
    { kind: "clear-registrations", removal, ids: ids.filter(isRemoved) },
  ];
}

/** The broker has taken the empty registrations. */
export function confirmCleared(state: RegistryState, removal: number, ids: readonly EntityId[]): RegistryEffect[] {
  const done = ids.filter((id) => state.removing.get(id) === removal);
  for (const id of done) state.rollback.delete(state.removing, id);
  return done.map((id) => ({ kind: "store-cleared", id }));
}

function clearKnown({ data, early }: RegistryState, id: EntityId): RegistryEffect[] {
  const held = early.get(id);
  const keys = new Set([...data.keys(id), ...(held?.fragments.keys() ?? [])]);
  const suffixes = [...keys].map((key) => `/twin/${key}`);
  if ((data.config(id) ?? held?.config) !== undefined) suffixes.push("/config");
  return suffixes.map((suffix) => ({ kind: "clear", id, suffix }));
}

function gone(entity: Entity): RegistryEffect {
  return { kind: "changed", change: { kind: "removed", entity } };
}

function tell(entities: readonly Entity[]): RegistryEffect[] {
  return entities.length === 0 ? [] : [{ kind: "tell", news: { kind: "removed", entities } }];
}

function forget({ data, pending, early, settling, rollback }: RegistryState, id: EntityId): void {
  data.drop(id);
  pending.discard(id);
  early.take(id);
  rollback.delete(settling.unconfirmed, id);
  rollback.delete(settling.unannounced, id);
}
