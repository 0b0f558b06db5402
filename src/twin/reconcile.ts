import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { Connection } from "../bus/participant.ts";
import { formatRegistration } from "../bus/payload/registration.ts";
import { admitRegistration } from "./admit-registration.ts";
import type { Arrival } from "./arrival.ts";
import { attributeEarly } from "./attribute-early.ts";
import type { EntityRecord } from "./entity-tree.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";
import { presentPart } from "./update-entity.ts";

/** What the journal held at the start. Nothing is published for it (spec/mqtt-api §12). */
export function restore(
  state: RegistryState,
  arrivals: readonly Arrival[],
  removed: readonly EntityId[],
): RegistryEffect[] {
  for (const id of removed) state.removing.set(id, "silence");
  return arrivals.flatMap((arrival) => admitRegistration(state, arrival));
}

/** A new subscription makes the broker send what it retains; without a session it may have lost all of that (spec/mqtt-api §14.2). */
export function beginSettling({ settling }: RegistryState, { first, sessionPresent }: Connection): RegistryEffect[] {
  if (!first && sessionPresent) return [];
  settling.isActive = true;
  settling.repairs ||= !sessionPresent;
  return [{ kind: "await-silence" }];
}

/**
 * The retained messages are in, in whatever order: now what the broker turned out not to have is published, what it should not have any
 * more is cleared, and who sent data without being registered is looked at.
 */
export function settle(state: RegistryState): RegistryEffect[] {
  const { settling, early, retained, tree, pending } = state;
  settling.isActive = false;
  const repairs = settling.repairs ? repair(state) : [];
  const effects = [...finishLeftOvers(state), ...repairs, ...confirmInitial(state)];
  for (const [id, { registers }] of early.entries()) effects.push(...attributeEarly(state, id, registers));
  settling.repairs = false;
  settling.seen.clear();
  settling.unconfirmed.clear();
  retained.keepOnly((id) => tree.has(id) || pending.has(id));
  return effects;
}

/** Registrations and twin data that the broker did not send, parents first. The main device has a registration only if it was given one. */
function repair(state: RegistryState): RegistryEffect[] {
  const { settling, data } = state;
  return parentsFirst(state).flatMap((record): RegistryEffect[] => {
    const { id } = record.entity;
    if (!record.stored && id !== MAIN_DEVICE) return [];
    const lost = data.keys(id).filter((key) => !settling.seen.has(`${id}/twin/${key}`));
    const fragments = lost.map(
      (key): RegistryEffect => ({ kind: "publish-fragment", id, key, value: data.fragment(id, key) ?? null }),
    );
    for (const key of lost) settling.unconfirmed.get(id)?.delete(key);
    return settling.seen.has(id) ? fragments : [...publishRegistration(state, id), ...fragments];
  });
}

/** The registration of an entity as it is now; initial twin data as they were given, unless they were taken away. */
export function publishRegistration(state: RegistryState, id: EntityId): RegistryEffect[] {
  const record = state.tree.get(id);
  if (record?.stored !== true) return [];
  const text = formatRegistration({ ...record.entity, twin: presentPart(state, id, record.registered) });
  return [{ kind: "publish-registration", id, text }];
}

/** In order of first registration, except that nobody comes before its parent. */
export function parentsFirst({ tree }: RegistryState): EntityRecord[] {
  const ordered = new Set<EntityRecord>();
  for (const record of tree.records()) {
    const chain: EntityRecord[] = [];
    for (let at: EntityRecord | undefined = record; at !== undefined && !ordered.has(at); ) {
      chain.push(at);
      at = at.entity.parent === undefined ? undefined : tree.get(at.entity.parent);
    }
    for (const ancestor of chain.reverse()) ordered.add(ancestor);
  }
  return [...ordered];
}

function finishLeftOvers({ removing }: RegistryState): RegistryEffect[] {
  const ids = [...removing].flatMap(([id, until]) => (until === "silence" ? [id] : []));
  return ids.length === 0 ? [] : [{ kind: "clear-registrations", ids }];
}

function confirmInitial({ settling, data }: RegistryState): RegistryEffect[] {
  return [...settling.unconfirmed].flatMap(([id, keys]) =>
    [...keys].flatMap((key): RegistryEffect[] => {
      const value = data.fragment(id, key);
      return value === undefined ? [] : [{ kind: "publish-fragment", id, key, value }];
    }),
  );
}
