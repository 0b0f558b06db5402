import * as v from "valibot";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { CHANGING, CONDITIONS, LISTING, READING, REMOVING, TAGGED } from "../common-answers.ts";
import { type Contract, JSON_ERROR, json, TEXT_ERROR } from "../contract.ts";
import {
  ENTITY_LIST_SCHEMA,
  ENTITY_PATCH_SCHEMA,
  ENTITY_SCHEMA,
  LIST_QUERY_SCHEMA,
  NEW_ENTITY_SCHEMA,
  REGISTERED_SCHEMA,
} from "./entity-schemas.ts";

export const ENTITIES_PATH = "/te/v1/entities";
const ENTITY_PATH = `${ENTITIES_PATH}/{topic-id}`;
const ENTITY_PARAMETERS = { "topic-id": ENTITY_ID_SCHEMA };

export const LIST_ENTITIES = {
  id: "listEntities",
  method: "GET",
  path: ENTITIES_PATH,
  tag: "entities",
  summary: "List entities",
  details:
    "Breadth first, the children of one entity in the order of their ids. `root` gives an entity and all below it, `parent` the children alone.",
  parameters: { query: LIST_QUERY_SCHEMA.entries, header: CONDITIONS },
  answers: {
    200: { summary: "The entities", content: json(ENTITY_LIST_SCHEMA), headers: TAGGED },
    ...LISTING,
  },
} as const satisfies Contract;

export const REGISTER_ENTITY = {
  id: "registerEntity",
  method: "POST",
  path: ENTITIES_PATH,
  tag: "entities",
  summary: "Register an entity",
  body: {
    content: json(NEW_ENTITY_SCHEMA),
    details: "Members of other names are initial twin data. Any JSON media type is taken.",
  },
  answers: {
    201: { summary: "It is registered", content: json(REGISTERED_SCHEMA), headers: { Location: v.string() } },
    400: CHANGING[400],
    409: { summary: "It is registered already", content: JSON_ERROR },
    413: CHANGING[413],
    415: { summary: "The body is not declared as JSON", content: TEXT_ERROR },
    422: { summary: "The body is JSON of the wrong shape", content: TEXT_ERROR },
    500: CHANGING[500],
  },
} as const satisfies Contract;

export const GET_ENTITY = {
  id: "getEntity",
  method: "GET",
  path: ENTITY_PATH,
  tag: "entities",
  summary: "Get an entity",
  parameters: { path: ENTITY_PARAMETERS, header: CONDITIONS },
  answers: {
    200: { summary: "The entity", content: json(ENTITY_SCHEMA), headers: TAGGED },
    ...READING,
  },
} as const satisfies Contract;

export const CHANGE_ENTITY = {
  id: "changeEntity",
  method: "PATCH",
  path: ENTITY_PATH,
  tag: "entities",
  summary: "Change the parent or the health endpoint of an entity",
  parameters: { path: ENTITY_PARAMETERS, header: CONDITIONS },
  body: { content: json(ENTITY_PATCH_SCHEMA), details: "What is absent or `null` stays as it is." },
  answers: {
    200: { summary: "The entity as it is now", content: json(ENTITY_SCHEMA), headers: TAGGED },
    ...CHANGING,
  },
} as const satisfies Contract;

export const REMOVE_ENTITY = {
  id: "removeEntity",
  method: "DELETE",
  path: ENTITY_PATH,
  tag: "entities",
  summary: "Remove an entity and all below it",
  details: "What the broker retains of them is cleared too. The main device cannot be removed.",
  parameters: { path: ENTITY_PARAMETERS, header: CONDITIONS },
  answers: {
    200: {
      summary: "What was removed: the entity, then each child with all below it",
      content: json(ENTITY_LIST_SCHEMA),
    },
    204: { summary: "There was nothing to remove" },
    ...REMOVING,
  },
} as const satisfies Contract;
