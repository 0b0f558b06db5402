import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { EntityTree } from "./entity-tree.ts";
import type { Refusal } from "./refusal.ts";

/** Why `parent` cannot be the parent of `id`, checked in the order of spec/mqtt-api §4.7; `undefined` when it can. */
export function refuseParent(tree: EntityTree, id: EntityId, parent: EntityId): Refusal | undefined {
  if (parent === id) return { kind: "own-parent", id };
  if (id === MAIN_DEVICE) return { kind: "main-parent" };
  const record = tree.get(parent);
  if (record === undefined) return { kind: "unknown-parent", parent };
  if (record.entity.type === "service") return { kind: "service-parent", id, parent };
  // A new entity has nothing below it; asking would cost the depth of the tree each time.
  if (tree.has(id) && tree.isBelow(parent, id)) return { kind: "descendant-parent", id, parent };
  return undefined;
}
