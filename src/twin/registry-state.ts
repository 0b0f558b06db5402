import type { EntityId } from "../bus/entity-id.ts";
import { createEarlyData, type EarlyData } from "./early-data.ts";
import { createEntityTree, type EntityTree } from "./entity-tree.ts";
import { createPendingRegistrations, type PendingRegistrations } from "./pending-registrations.ts";
import { createRetainedTopics, type RetainedTopics } from "./retained-topics.ts";
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
  readonly retained: RetainedTopics;
  /**
   * Entities that were removed while the broker may still hold their registration. `search`: their retained topics are being looked up.
   * `silence`: left over by an earlier process, to be finished when the retained messages are in.
   */
  readonly removing: Map<EntityId, "search" | "silence">;
  readonly settling: Settling;
}

/** While the retained messages of a new subscription come in. */
export interface Settling {
  isActive: boolean;
  /** The broker may have lost its retained messages: publish what it turns out not to have. */
  repairs: boolean;
  /** Entity id and suffix of what came retained. */
  readonly seen: Set<string>;
  /** Initial twin data that is to be published unless a live value turns up. */
  readonly unconfirmed: Map<EntityId, Set<string>>;
}

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
    retained: createRetainedTopics(rollback),
    removing: new Map(),
    settling: { isActive: true, repairs: false, seen: new Set(), unconfirmed: new Map() },
  };
}
