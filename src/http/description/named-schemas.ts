import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { ENTITY_TYPE_SCHEMA } from "../../bus/payload/registration.ts";
import { STREAM_EVENT_SCHEMA } from "../../feed/event-document.ts";
import { PROBLEM_SCHEMA } from "../contract.ts";
import {
  CANONICAL_ID_SCHEMA,
  ENTITY_PATCH_SCHEMA,
  ENTITY_SCHEMA,
  FULL_ID_SCHEMA,
  NEW_ENTITY_SCHEMA,
  TWIN_SCHEMA,
} from "../entities/entity-schemas.ts";

/** Schemas that have a name in the OpenAPI document, and so a type in generated clients. */
export const NAMED_SCHEMAS = {
  Entity: ENTITY_SCHEMA,
  EntityId: CANONICAL_ID_SCHEMA,
  EntityIdInPath: FULL_ID_SCHEMA,
  EntityIdInput: ENTITY_ID_SCHEMA,
  EntityPatch: ENTITY_PATCH_SCHEMA,
  EntityType: ENTITY_TYPE_SCHEMA,
  NewEntity: NEW_ENTITY_SCHEMA,
  Problem: PROBLEM_SCHEMA,
  StreamEvent: STREAM_EVENT_SCHEMA,
  TwinData: TWIN_SCHEMA,
} as const;
