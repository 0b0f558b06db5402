import type { EntityId } from "../bus/entity-id.ts";
import { createEarlyData, type EarlyData } from "./early-data.ts";
import { createEntityTree, type EntityTree } from "./entity-tree.ts";
import { createPendingRegistrations, type PendingRegistrations } from "./pending-registrations.ts";
import { createRollback, type Rollback } from "./rollback.ts";
import { createTwinData, type TwinData } from "./twin-data.ts";

/**
 * Everything the registry knows. It is changed in place, since copies of a tree of 10,000 entities would cost more than they explain;
 * the same inputs in the same order give the same state.
 */
export interface RegistryState {
  readonly rollback: Rollback;
  readonly autoRegister: boolean;
  readonly tree: EntityTree;
  readonly data: TwinData;
  readonly pending: PendingRegistrations;
  readonly early: EarlyData;
  /** Entities that were removed while the broker may still hold their registration, and by which removal. */
  readonly removing: Map<EntityId, number>;
  /** The number of the last removal: an entity may be registered and removed again before an earlier removal of it ended. */
  lastRemoval: number;
  readonly settling: Settling;
}

/** While the retained messages of a new subscription come in. */
export interface Settling {
  isActive: boolean;
  /** The broker may have lost its retained messages: publish what it turns out not to have. */
  repairs: boolean;
  /** Stored entities whose messages may not have reached the broker: an earlier process may have ended in between. */
  readonly unannounced: Map<EntityId, true>;
  /** Entity id and suffix of what came, as far as it may have to be repaired. */
  readonly seen: Set<string>;
  /** Initial twin data that is to be published unless a live value turns up. */
  readonly unconfirmed: Map<EntityId, Set<string>>;
}

/** The removal that an earlier process left over, to be finished when the retained messages are in. */
export const LEFT_OVER = 0;

/** Registrations that wait for a parent: more than a plant has; their messages stay retained on the broker anyway. */
const PENDING = { registrations: 10_000, characters: 16 * 1024 * 1024 };
/** Entities and twin values held for entities not registered yet. */
const EARLY_ITEMS = 50_000;

export function createRegistryState(options: { readonly autoRegister: boolean }): RegistryState {
  const rollback = createRollback();
  return {
    rollback,
    autoRegister: options.autoRegister,
    tree: createEntityTree(rollback),
    data: createTwinData(rollback),
    pending: createPendingRegistrations(rollback, PENDING),
    early: createEarlyData(rollback, EARLY_ITEMS),
    removing: new Map(),
    lastRemoval: LEFT_OVER,
    settling: { isActive: true, repairs: false, unannounced: new Map(), seen: new Set(), unconfirmed: new Map() },
  };
}
