import { JSON_OBJECT_SCHEMA, JSON_VALUE_SCHEMA } from "../../bus/payload/json-value.ts";
import { CONDITIONS, READING, TAGGED } from "../common-answers.ts";
import { type Contract, sortedJson } from "../contract.ts";
import { CONFIG_KEY_SCHEMA, FULL_ID_SCHEMA } from "./entity-schemas.ts";

const CONFIG_PATH = "/te/v1/entities/{topic-id}/config";

export const GET_CONFIG = {
  id: "getConfig",
  method: "GET",
  path: CONFIG_PATH,
  tag: "config",
  summary: "Get the configuration that a service exposes",
  parameters: { path: { "topic-id": FULL_ID_SCHEMA }, header: CONDITIONS },
  answers: {
    200: {
      summary: "Values by key; an empty object if it exposes none",
      content: sortedJson(JSON_OBJECT_SCHEMA),
      headers: TAGGED,
    },
    ...READING,
  },
} as const satisfies Contract;

export const GET_SETTING = {
  id: "getConfigValue",
  method: "GET",
  path: `${CONFIG_PATH}/{key}`,
  tag: "config",
  summary: "Get one value of the configuration that a service exposes",
  parameters: { path: { "topic-id": FULL_ID_SCHEMA, key: CONFIG_KEY_SCHEMA }, header: CONDITIONS },
  answers: {
    200: { summary: "The value", content: sortedJson(JSON_VALUE_SCHEMA), headers: TAGGED },
    ...READING,
  },
} as const satisfies Contract;
