import type { EntityId } from "../bus/entity-id.ts";
import type { Arrival } from "./arrival.ts";
import type { Rollback } from "./rollback.ts";

/** Registrations whose parent is missing, by that parent (spec/mqtt-api §4.4). */
export interface PendingRegistrations {
  readonly size: number;
  has(id: EntityId): boolean;
  arrivals(): Arrival[];
  /** Replaces an earlier one of the same entity. False when there is no room: the one offered is not kept. */
  add(arrival: Arrival, parent: EntityId): boolean;
  /** Takes out those that wait for `parent`, in order of arrival. */
  take(parent: EntityId): Arrival[];
  /** False when nothing of this entity is pending. */
  discard(id: EntityId): boolean;
  /** The unknown entity that a pending one waits for in the end, over pending parents; `undefined` when they wait for one another. */
  missingAncestor(id: EntityId): EntityId | undefined;
}

export interface PendingLimits {
  readonly registrations: number;
  /** Characters of their messages. */
  readonly characters: number;
}

export function createPendingRegistrations(rollback: Rollback, limits: PendingLimits): PendingRegistrations {
  const arrivals = new Map<EntityId, { readonly arrival: Arrival; readonly parent: EntityId }>();
  const waitingFor = new Map<EntityId, Map<EntityId, true>>();
  const total = new Map([["characters", 0]]);

  const characters = () => total.get("characters") ?? 0;

  const discard = (id: EntityId): boolean => {
    const pending = arrivals.get(id);
    if (pending === undefined) return false;
    rollback.delete(arrivals, id);
    rollback.set(total, "characters", characters() - pending.arrival.text.length);
    const siblings = waitingFor.get(pending.parent);
    if (siblings !== undefined) rollback.delete(siblings, id);
    if (siblings?.size === 0) rollback.delete(waitingFor, pending.parent);
    return true;
  };

  return {
    get size() {
      return arrivals.size;
    },
    has: (id) => arrivals.has(id),
    arrivals: () => [...arrivals.values()].map(({ arrival }) => arrival),
    add(arrival, parent) {
      discard(arrival.id);
      const size = characters() + arrival.text.length;
      if (arrivals.size >= limits.registrations || size > limits.characters) return false;
      rollback.set(arrivals, arrival.id, { arrival, parent });
      rollback.set(total, "characters", size);
      const siblings = waitingFor.get(parent) ?? new Map<EntityId, true>();
      if (siblings.size === 0) rollback.set(waitingFor, parent, siblings);
      rollback.set(siblings, arrival.id, true);
      return true;
    },
    take(parent) {
      const ids = [...(waitingFor.get(parent)?.keys() ?? [])];
      const taken = ids.flatMap((id) => arrivals.get(id)?.arrival ?? []);
      for (const id of ids) discard(id);
      return taken;
    },
    discard,
    missingAncestor(id) {
      const visited = new Set<EntityId>();
      let at = id;
      for (let pending = arrivals.get(at); pending !== undefined; pending = arrivals.get(at)) {
        if (visited.has(at)) return undefined;
        visited.add(at);
        at = pending.parent;
      }
      return at;
    },
  };
}
