import type { EntityId } from "../../bus/entity-id.ts";
import type { Twin } from "../../twin/twin.ts";

/** What a decision has to know of the entities. */
export interface Family {
  /** `undefined` for a root and for an entity that is not registered. */
  parentOf(id: EntityId): EntityId | undefined;
  /** Registered, or expected: a token stands for it. */
  isKnown(id: EntityId): boolean;
  /** The entity with this external id, if it is `root` or below it in the tree. */
  findBelow(root: EntityId, externalId: string): EntityId | undefined;
  /** External ids of the main device: what mappers put in front of the external ids that they make up (spec/mqtt-api §4.9). */
  readonly gatewayNames: readonly string[];
}

export interface FamilyOptions {
  readonly twin: Pick<Twin, "get" | "list">;
  readonly isExpected: (id: EntityId) => boolean;
  readonly gatewayNames: readonly string[];
}

/** The family as the digital twin has it at the moment. */
export function familyOf({ twin, isExpected, gatewayNames }: FamilyOptions): Family {
  return {
    parentOf: (id) => twin.get(id)?.parent,
    isKnown: (id) => twin.get(id) !== undefined || isExpected(id),
    findBelow: (root, externalId) => twin.list({ root }).find((entity) => entity.externalId === externalId)?.id,
    gatewayNames,
  };
}
