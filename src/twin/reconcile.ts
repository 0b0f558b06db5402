import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { Connection } from "../bus/participant.ts";
import { formatRegistration } from "../bus/payload/registration.ts";
import { admitRegistration } from "./admit-registration.ts";
import { attributeEarly } from "./attribute-early.ts";
import type { EntityRecord } from "./entity-tree.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RestoredInput } from "./registry-input.ts";
import { LEFT_OVER, type RegistryState } from "./registry-state.ts";
import { presentPart } from "./update-entity.ts";

/** What the journal held at the start. Nothing is published for it before it is known what the broker has (spec/mqtt-api §12). */
export function restore(state: RegistryState, { arrivals, removed, unannounced }: RestoredInput): RegistryEffect[] {
  for (const id of removed) state.removing.set(id, LEFT_OVER);
  for (const id of unannounced) state.settling.unannounced.set(id, true);
  return arrivals.flatMap((arrival) => admitRegistration(state, arrival).filter(({ kind }) => kind !== "changed"));
}

/** A new subscription makes the broker send what it retains; without a session it may have lost all of that (spec/mqtt-api §14.2). */
export function beginSettling(
  { settling, tree }: RegistryState,
  { first, sessionPresent }: Connection,
): RegistryEffect[] {
  if (!first && sessionPresent) return [];
  settling.isActive = true;
  settling.repairs ||= !sessionPresent;
  // What was there before may have been lost with the session.
  if (!sessionPresent) settling.seen.clear();
  const owed: RegistryEffect[] = !sessionPresent && tree.size > 1 ? [{ kind: "store-owed" }] : [];
  return [...owed, { kind: "read-retained" }];
}

/**
 * The retained messages are in, in whatever order: now what the broker turned out not to have is published, what it should not have any
 * more is cleared, and who sent data without being registered is looked at.
 */
export function settle(state: RegistryState): RegistryEffect[] {
  const { settling, early } = state;
  settling.isActive = false;
  const effects = [...finishLeftOvers(state), ...repair(state), ...repairPending(state), ...confirmInitial(state)];
  for (const [id, { registers }] of early.entries()) effects.push(...attributeEarly(state, id, registers));
  settling.repairs = false;
  settling.unannounced.clear();
  settling.seen.clear();
  settling.unconfirmed.clear();
  return effects;
}

/**
 * Registrations and twin data that the broker did not send, parents first: all of them when it may have lost its state, else the
 * registrations that may never have reached it. The main device has one only if it was given one.
 */
function repair(state: RegistryState): RegistryEffect[] {
  const { settling, data } = state;
  if (!settling.repairs && settling.unannounced.size === 0) return [];
  return parentsFirst(state).flatMap(({ entity: { id }, stored }): RegistryEffect[] => {
    if (!(stored || id === MAIN_DEVICE) || !(settling.repairs || settling.unannounced.has(id))) return [];
    const lost = data.keys(id).filter((key) => !settling.seen.has(`${id}/twin/${key}`));
    for (const key of lost) settling.unconfirmed.get(id)?.delete(key);
    const registration = settling.seen.has(id) ? [] : publishRegistration(state, id);
    return [...registration, ...lost.flatMap((key) => publishFragment(state, id, key)), ...repairConfig(state, id)];
  });
}

/** Whoever exposes it may be away. */
function repairConfig({ settling, data }: RegistryState, id: EntityId): RegistryEffect[] {
  const document = settling.seen.has(`${id}/config`) ? undefined : data.config(id);
  return document === undefined ? [] : [{ kind: "publish-config", id, document }];
}

/** Registrations that wait for a parent, and twin data that wait for a registration: nobody else would give them back to the broker. */
function repairPending({ settling, pending, early }: RegistryState): RegistryEffect[] {
  if (!settling.repairs) return [];
  const registrations = pending
    .arrivals()
    .filter(({ id }) => !settling.seen.has(id))
    .map(({ id, text }): RegistryEffect => ({ kind: "publish-registration", id, text }));
  const data = early.entries().flatMap(([id, { fragments, config }]): RegistryEffect[] => {
    const lost = [...fragments].filter(([key, { value }]) => value !== null && !settling.seen.has(`${id}/twin/${key}`));
    const document = settling.seen.has(`${id}/config`) ? undefined : config?.document;
    return [
      ...lost.map(([key, { value }]): RegistryEffect => ({ kind: "publish-fragment", id, key, value })),
      ...(document === undefined ? [] : [{ kind: "publish-config", id, document } as const]),
    ];
  });
  return [...registrations, ...data];
}

function publishFragment({ data }: RegistryState, id: EntityId, key: string): RegistryEffect[] {
  const value = data.fragment(id, key);
  return value === undefined ? [] : [{ kind: "publish-fragment", id, key, value }];
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
  const ids = [...removing].flatMap(([id, removal]) => (removal === LEFT_OVER ? [id] : []));
  return ids.length === 0 ? [] : [{ kind: "find-retained", removal: LEFT_OVER, ids }];
}

function confirmInitial(state: RegistryState): RegistryEffect[] {
  return [...state.settling.unconfirmed].flatMap(([id, keys]) =>
    [...keys].flatMap((key) => publishFragment(state, id, key)),
  );
}
