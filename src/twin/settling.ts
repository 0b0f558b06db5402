import type { EntityId } from "../bus/entity-id.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/** A retained message came, so there is a new subscription: whoever waits for silence begins to wait anew. */
export function sawRetained({ settling }: RegistryState, id: EntityId, suffix: string): RegistryEffect {
  settling.isActive = true;
  settling.seen.add(id + suffix);
  return { kind: "await-silence" };
}

/** What a removal that an earlier process began has not cleared yet; it must not come back (spec/mqtt-api §19.3). */
export function isLeftOver({ removing, tree }: RegistryState, id: EntityId): boolean {
  return removing.has(id) && !tree.has(id);
}
