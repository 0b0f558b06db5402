import type { Fault } from "../base/fault.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Result } from "../base/result.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { EntityType } from "../bus/payload/registration.ts";

export { ENTITY_TYPES, type EntityType } from "../bus/payload/registration.ts";

/** One registered entity, without its twin data (spec/http-api §3.2). */
export interface Entity {
  readonly id: EntityId;
  readonly type: EntityType;
  readonly parent?: EntityId;
  /** External id, only if it was given at registration. */
  readonly externalId?: string;
  /** The service whose health stands for this device. */
  readonly health?: EntityId;
}

/** A registration as a client asks for it: absent members take the defaults of spec/mqtt-api §4.2. */
export interface Registration extends Entity {
  readonly twin: JsonObject;
}

/** What changed in the twin. Twin data and configuration of a removed entity go with it, without a word of their own. */
export type TwinChange =
  | { readonly kind: "registered" | "updated"; readonly entity: Entity }
  | { readonly kind: "removed"; readonly entity: Entity }
  /** `undefined` stands for a fragment that was taken away. */
  | { readonly kind: "fragment"; readonly id: EntityId; readonly key: string; readonly value: Json | undefined }
  | { readonly kind: "config"; readonly id: EntityId; readonly config: JsonObject | undefined };

export interface EntityPatch {
  readonly parent?: EntityId;
  readonly health?: EntityId;
}

/** Which entities to list; `root` (with everything below) and `parent` (direct children) exclude each other. */
export interface EntityQuery {
  readonly root?: EntityId;
  readonly parent?: EntityId;
  readonly type?: EntityType;
}

export type TwinFaultCode =
  | "already-registered"
  | "unknown-entity"
  | "unknown-fragment"
  | "refused"
  | "condition-not-met"
  | "not-stored";
export type TwinFault = Fault<TwinFaultCode>;

/** Asked right before a change is decided, with all earlier changes done: unless it is true, nothing is changed. Code `condition-not-met`. */
export type ChangeCondition = () => boolean;

/**
 * The local digital twin as the API sees it. Fault messages are the texts of spec/http-api §3 and spec/mqtt-api §4.7, fit for a client.
 * A change that resolved successfully is on disk and its messages are handed to the outbox.
 */
export interface Twin {
  /** Breadth first, children of one entity in byte order of their ids (spec/http-api §3.3). Empty when `root` or `parent` is unknown. */
  list(query: EntityQuery): Entity[];
  get(id: EntityId): Entity | undefined;
  register(registration: Registration): Promise<Result<Entity, TwinFault>>;
  update(id: EntityId, patch: EntityPatch, condition?: ChangeCondition): Promise<Result<Entity, TwinFault>>;
  /** The removed entities, parent first, depth first; empty when there was nothing to remove. */
  remove(id: EntityId, condition?: ChangeCondition): Promise<Result<readonly Entity[], TwinFault>>;

  fragments(id: EntityId): Result<JsonObject, TwinFault>;
  fragment(id: EntityId, key: string): Result<Json, TwinFault>;
  setFragment(id: EntityId, key: string, value: Json, condition?: ChangeCondition): Promise<Result<Json, TwinFault>>;
  removeFragment(id: EntityId, key: string, condition?: ChangeCondition): Promise<Result<undefined, TwinFault>>;
  replaceFragments(
    id: EntityId,
    fragments: JsonObject,
    condition?: ChangeCondition,
  ): Promise<Result<JsonObject, TwinFault>>;
  removeFragments(id: EntityId, condition?: ChangeCondition): Promise<Result<undefined, TwinFault>>;

  /** The configuration that a service exposes on `<service>/config`; an empty object when it exposes none. */
  exposedConfig(id: EntityId): Result<JsonObject, TwinFault>;

  /**
   * Calls the listener once for each change, whatever its origin, in the order in which they are committed and once they are on disk;
   * children are removed before their parents. What the journal of an earlier process gives back is no change; what the broker gives back
   * is one if the twin did not have it. Gives a function that ends it.
   */
  watch(listener: (change: TwinChange) => void): () => void;
}
