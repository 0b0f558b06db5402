import type { JsonObject } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Connection } from "../bus/participant.ts";
import type { Arrival, Delivery } from "./arrival.ts";
import type { DataContent } from "./early-data.ts";
import type { EntityPatch } from "./twin.ts";

/** Everything that the registry decides about. */
export type RegistryInput =
  | { readonly kind: "registration"; readonly arrival: Arrival; readonly delivery: Delivery }
  | { readonly kind: "removal"; readonly id: EntityId; readonly origin: Delivery | "api" }
  | DataInput
  | { readonly kind: "register"; readonly arrival: Arrival }
  | { readonly kind: "patch"; readonly id: EntityId; readonly patch: EntityPatch }
  | FragmentsInput
  | { readonly kind: "connected"; readonly connection: Connection }
  | { readonly kind: "silence" }
  | FoundInput
  | { readonly kind: "cleared"; readonly removal: number; readonly ids: readonly EntityId[] }
  | RestoredInput;

/** What the journal of an earlier process held. */
export interface RestoredInput {
  readonly kind: "restored";
  readonly arrivals: readonly Arrival[];
  /** Entities whose removal it had begun and not ended. */
  readonly removed: readonly EntityId[];
  /** Entities whose messages may not have reached the broker. */
  readonly unannounced: readonly EntityId[];
}

/** Any message of an entity but its registration. */
export interface DataInput {
  readonly kind: "data";
  readonly id: EntityId;
  /** The topic behind the entity id, with its slash. */
  readonly suffix: string;
  readonly delivery: Delivery;
  readonly isEmpty: boolean;
  /** Its channel makes an unknown entity be registered (spec/mqtt-api §4.5). */
  readonly registers: boolean;
  /** Sound twin data or configuration. */
  readonly content?: DataContent;
}

/** Twin data asked over HTTP; `null` takes a fragment away. */
export interface FragmentsInput {
  readonly kind: "fragments";
  readonly id: EntityId;
  readonly fragments: JsonObject;
  /** Whether fragments that are not named go away. */
  readonly isWhole: boolean;
}

/** What the broker retains of removed entities, according to a look-up. */
export interface FoundInput {
  readonly kind: "retained-found";
  readonly removal: number;
  readonly ids: readonly EntityId[];
  readonly topics: readonly SuffixOf[];
}

export interface SuffixOf {
  readonly id: EntityId;
  readonly suffix: string;
}
