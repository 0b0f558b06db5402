import { JSON_VALUE_SCHEMA } from "../../bus/payload/json-value.ts";
import { TWIN_KEY_SCHEMA } from "../../bus/payload/twin.ts";
import { CHANGING, CONDITIONS, READING, REMOVING, TAGGED } from "../common-answers.ts";
import { type Contract, json, sortedJson } from "../contract.ts";
import { FULL_ID_SCHEMA, TWIN_SCHEMA } from "./entity-schemas.ts";

const TWIN_PATH = "/te/v1/entities/{topic-id}/twin";
const FRAGMENT_PATH = `${TWIN_PATH}/{key}`;
const TWIN_PARAMETERS = { "topic-id": FULL_ID_SCHEMA };
const FRAGMENT_PARAMETERS = { "topic-id": FULL_ID_SCHEMA, key: TWIN_KEY_SCHEMA };

export const GET_TWIN = {
  id: "getTwin",
  method: "GET",
  path: TWIN_PATH,
  tag: "twin",
  summary: "Get all twin data of an entity",
  parameters: { path: TWIN_PARAMETERS, header: CONDITIONS },
  answers: {
    200: { summary: "Its fragments by key", content: sortedJson(TWIN_SCHEMA), headers: TAGGED },
    ...READING,
  },
} as const satisfies Contract;

export const REPLACE_TWIN = {
  id: "replaceTwin",
  method: "PUT",
  path: TWIN_PATH,
  tag: "twin",
  summary: "Replace all twin data of an entity",
  parameters: { path: TWIN_PARAMETERS, header: CONDITIONS },
  body: { content: json(TWIN_SCHEMA), details: "Fragments that are not named, or that are `null`, go away." },
  answers: {
    200: { summary: "Its fragments as they are now", content: sortedJson(TWIN_SCHEMA), headers: TAGGED },
    ...CHANGING,
  },
} as const satisfies Contract;

export const REMOVE_TWIN = {
  id: "removeTwin",
  method: "DELETE",
  path: TWIN_PATH,
  tag: "twin",
  summary: "Remove all twin data of an entity",
  parameters: { path: TWIN_PARAMETERS, header: CONDITIONS },
  answers: {
    204: { summary: "There is none now" },
    ...REMOVING,
  },
} as const satisfies Contract;

export const GET_FRAGMENT = {
  id: "getTwinFragment",
  method: "GET",
  path: FRAGMENT_PATH,
  tag: "twin",
  summary: "Get one twin fragment",
  parameters: { path: FRAGMENT_PARAMETERS, header: CONDITIONS },
  answers: {
    200: { summary: "Its value", content: sortedJson(JSON_VALUE_SCHEMA), headers: TAGGED },
    ...READING,
  },
} as const satisfies Contract;

export const SET_FRAGMENT = {
  id: "setTwinFragment",
  method: "PUT",
  path: FRAGMENT_PATH,
  tag: "twin",
  summary: "Set one twin fragment",
  parameters: { path: FRAGMENT_PARAMETERS, header: CONDITIONS },
  body: { content: json(JSON_VALUE_SCHEMA), details: "`null` removes the fragment." },
  answers: {
    200: { summary: "Its value now", content: sortedJson(JSON_VALUE_SCHEMA) },
    ...CHANGING,
  },
} as const satisfies Contract;

export const REMOVE_FRAGMENT = {
  id: "removeTwinFragment",
  method: "DELETE",
  path: FRAGMENT_PATH,
  tag: "twin",
  summary: "Remove one twin fragment",
  parameters: { path: FRAGMENT_PARAMETERS, header: CONDITIONS },
  answers: {
    204: { summary: "It is not there now" },
    ...REMOVING,
  },
} as const satisfies Contract;
