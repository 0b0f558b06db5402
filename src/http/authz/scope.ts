import { defaultScheme, type EntityId } from "../../bus/entity-id.ts";
import type { Family } from "./family.ts";

/** Deeper trees are not walked. */
const DEEPEST = 1_000;

/**
 * Whether `id` belongs to `holder`: it is the entity itself, its topic is below that of a device of the default scheme
 * (`device/X/service/S` below `device/X//`), or one of these is its parent, or its parent's, and so on.
 */
export function belongsTo(holder: EntityId, id: EntityId, family: Pick<Family, "parentOf">): boolean {
  let at: EntityId | undefined = id;
  for (let depth = 0; depth < DEEPEST && at !== undefined; depth += 1) {
    if (isOwnTopic(holder, at)) return true;
    at = family.parentOf(at);
  }
  return false;
}

/** The same without a look at the tree: what nobody can take from the holder or lend to it. */
export function isOwnTopic(holder: EntityId, id: EntityId): boolean {
  if (id === holder) return true;
  const named = defaultScheme(holder);
  return named?.kind === "device" && id.startsWith(`device/${named.device}/`);
}
