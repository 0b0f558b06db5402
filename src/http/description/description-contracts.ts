import { JSON_OBJECT_SCHEMA } from "../../bus/payload/json-value.ts";
import { CONDITIONS, LISTING, TAGGED } from "../common-answers.ts";
import { type Contract, json } from "../contract.ts";

const COMMON = {
  method: "GET",
  tag: "description",
  parameters: { header: CONDITIONS },
  answers: {
    200: { summary: "The document", content: json(JSON_OBJECT_SCHEMA), headers: TAGGED },
    304: LISTING[304],
    412: LISTING[412],
  },
} as const;

export const GET_OPENAPI = {
  ...COMMON,
  id: "getOpenApi",
  path: "/te/v1/openapi.json",
  summary: "This document",
} as const satisfies Contract;

export const GET_ASYNCAPI = {
  ...COMMON,
  id: "getAsyncApi",
  path: "/te/v1/asyncapi.json",
  summary: "The topics and messages of the MQTT bus, as AsyncAPI 3",
} as const satisfies Contract;

export const DESCRIPTION_CONTRACTS: readonly Contract[] = [GET_OPENAPI, GET_ASYNCAPI];
