import { exhaustive } from "../base/exhaustive.ts";
import { fault } from "../base/fault.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { twinKeyFault } from "../bus/payload/twin.ts";
import type { TwinFault } from "./twin.ts";

/** Why the twin says no. */
export type Refusal = AlreadyRegistered | UnknownEntity | Refused;

interface AlreadyRegistered {
  readonly kind: "already-registered";
  readonly id: EntityId;
}

interface UnknownEntity {
  readonly kind: "unknown-entity";
  readonly id: EntityId;
}

type Refused =
  | { readonly kind: "own-parent"; readonly id: EntityId }
  | { readonly kind: "type-changed" | "external-id-changed" | "second-main-device"; readonly id: EntityId }
  | { readonly kind: "main-parent" | "main-removal" }
  | { readonly kind: "unknown-parent"; readonly parent: EntityId }
  | { readonly kind: "service-parent" | "descendant-parent"; readonly id: EntityId; readonly parent: EntityId }
  | { readonly kind: "unknown-health"; readonly health: EntityId }
  | { readonly kind: "health-is-no-service"; readonly id: EntityId; readonly health: EntityId }
  | { readonly kind: "external-id-taken"; readonly id: EntityId; readonly externalId: string; readonly owner: EntityId }
  | { readonly kind: "twin-key"; readonly key: string }
  | { readonly kind: "too-many-pending"; readonly id: EntityId; readonly parent: EntityId };

/** The *wire* text of a refusal (spec/mqtt-api §§4.7, 4.10, 5, spec/http-api §§3.4, 3.7); texts of our own where the reference accepts. */
export function explainRefusal(refusal: Refusal): TwinFault {
  switch (refusal.kind) {
    case "already-registered":
      return fault("already-registered", `An entity with topic id: ${refusal.id} is already registered`);
    case "unknown-entity":
      return fault("unknown-entity", `The specified entity: ${refusal.id} does not exist in the entity store`);
    default:
      return fault("refused", refusedText(refusal));
  }
}

function refusedText(refusal: Refused): string {
  switch (refusal.kind) {
    case "own-parent":
      return `Entity: '${refusal.id}' can not be its own parent`;
    case "type-changed":
      return `Updating the entity type of ${refusal.id} is not supported`;
    case "external-id-changed":
      return `Updating the external id of ${refusal.id} is not supported`;
    case "second-main-device":
      return `Entity: '${refusal.id}' can not be of type 'device' because there is a main device. Use 'child-device'`;
    case "main-parent":
      return "The parent of main device can not be updated";
    case "main-removal":
      return "The main device can not be removed";
    case "unknown-parent":
      return `The specified parent "${refusal.parent}" does not exist in the entity store`;
    case "service-parent":
      return `Entity: '${refusal.parent}' can not be a parent of '${refusal.id}' because it is a service. Only devices can be parents`;
    case "descendant-parent":
      return `Entity: '${refusal.parent}' can not be a parent of '${refusal.id}' because '${refusal.parent}' is a descendent of '${refusal.id}'`;
    case "unknown-health":
      return `The specified health endpoint: ${refusal.health} does not exist in the entity store`;
    case "health-is-no-service":
      return `Entity: '${refusal.health}' can not be a health endpoint of '${refusal.id}' because it is not a service. Only services can be health endpoints`;
    case "external-id-taken":
      return `The external id '${refusal.externalId}' of ${refusal.id} is already used by ${refusal.owner}`;
    case "twin-key":
      return twinKeyFault(refusal.key).message;
    case "too-many-pending":
      return `Entity: '${refusal.id}' can not wait for its parent '${refusal.parent}' because too many registrations wait already`;
    default:
      return exhaustive(refusal);
  }
}
