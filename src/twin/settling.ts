import type { EntityId } from "../bus/entity-id.ts";
import type { Delivery } from "./arrival.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState, Settling } from "./registry-state.ts";

/**
 * Takes note of a message while the retained ones come in. A retained one means that there is a new subscription: whoever waits for
 * silence begins to wait anew.
 */
export function noteSeen({ settling }: RegistryState, input: Seen): RegistryEffect[] {
  const { id, suffix, delivery, isEmpty } = input;
  if (delivery === "retained") settling.isActive = true;
  if (isAskedFor(settling, input)) {
    if (isEmpty) settling.seen.delete(id + suffix);
    else settling.seen.add(id + suffix);
  }
  return delivery === "retained" ? [{ kind: "await-silence" }] : [];
}

/** What is published meanwhile is not lost, and need not be repaired in the end. */
export function notePublished({ isActive, repairs, seen }: Settling, effects: readonly RegistryEffect[]): void {
  if (!isActive || !repairs) return;
  for (const effect of effects) {
    if (effect.kind === "publish-registration") seen.add(effect.id);
    if (effect.kind === "publish-fragment" && effect.value !== null) seen.add(`${effect.id}/twin/${effect.key}`);
  }
}

/** Whether it matters in the end that this came. */
function isAskedFor({ isActive, repairs, unannounced }: Settling, { id }: Seen): boolean {
  return isActive && (repairs || unannounced.has(id));
}

interface Seen {
  readonly id: EntityId;
  readonly suffix: string;
  readonly delivery: Delivery;
  readonly isEmpty: boolean;
}

/** What a removal that an earlier process began has not cleared yet; it must not come back (spec/mqtt-api §19.3). */
export function isLeftOver({ removing, tree }: RegistryState, id: EntityId): boolean {
  return removing.has(id) && !tree.has(id);
}
