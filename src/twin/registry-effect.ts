import type { Json, JsonObject } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Origin } from "./arrival.ts";
import type { Refusal } from "./refusal.ts";
import type { Entity, TwinChange } from "./twin.ts";

/** What has to be done about a decision. Everything that is stored is on disk before anything is published. */
export type RegistryEffect =
  | StoreEffect
  | PublishEffect
  | SearchEffect
  /** For whoever watches the twin. */
  | { readonly kind: "changed"; readonly change: TwinChange }
  | { readonly kind: "tell"; readonly news: News };

/** Lines for the journal. */
export type StoreEffect =
  | { readonly kind: "store"; readonly id: EntityId; readonly text: string }
  /** Begins the removal of an entity: until it is `store-cleared`, a restart goes on with it. */
  | { readonly kind: "store-removed"; readonly id: EntityId }
  | { readonly kind: "store-cleared"; readonly id: EntityId }
  /** The broker may have lost everything: until all is published again, a restart owes it. */
  | { readonly kind: "store-owed" }
  /** A fragment of the registration was taken away and must not come back with it. */
  | { readonly kind: "store-fragment-removed"; readonly id: EntityId; readonly key: string };

export type PublishEffect =
  | { readonly kind: "publish-registration"; readonly id: EntityId; readonly text: string }
  /** `null` clears. */
  | { readonly kind: "publish-fragment"; readonly id: EntityId; readonly key: string; readonly value: Json }
  | { readonly kind: "publish-config"; readonly id: EntityId; readonly document: JsonObject }
  | { readonly kind: "clear"; readonly id: EntityId; readonly suffix: string };

export type SearchEffect =
  /** Publish the registration unless the broker retains one: its sender may not have asked for that (spec/mqtt-api §4.3, gap). */
  | { readonly kind: "ensure-retained"; readonly id: EntityId }
  /** Find what the broker retains of these and answer with `retained-found`. */
  | { readonly kind: "find-retained"; readonly removal: number; readonly ids: readonly EntityId[] }
  /** Clear these in order and answer with `cleared` once the broker has it all. */
  | { readonly kind: "clear-registrations"; readonly removal: number; readonly ids: readonly EntityId[] }
  /** Read what the broker retains, and answer with `silence` when all is in. */
  | { readonly kind: "read-retained" }
  /** Answer with `silence` once no retained message has come for a while, unless they are being read. */
  | { readonly kind: "await-silence" };

/** What people may want to know. */
export type News =
  | { readonly kind: "registered" | "updated"; readonly entity: Entity; readonly origin: Origin }
  | { readonly kind: "removed"; readonly entities: readonly Entity[] }
  | { readonly kind: "pending"; readonly id: EntityId; readonly parent: EntityId }
  | { readonly kind: "refused"; readonly id: EntityId; readonly refusal: Refusal; readonly origin: Origin }
  | {
      readonly kind: "external-id-dropped";
      readonly id: EntityId;
      readonly externalId: string;
      readonly owner: EntityId;
    }
  | { readonly kind: "key-skipped"; readonly id: EntityId; readonly key: string }
  | { readonly kind: "data-of-unknown"; readonly id: EntityId }
  | { readonly kind: "early-data-full"; readonly id: EntityId }
  /** A message that could not be understood. */
  | { readonly kind: "flaw"; readonly topic: string; readonly text: string };
