import * as v from "valibot";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { COMMAND_RECORD_SCHEMA } from "../../operations/history/command-record.ts";
import { CONDITIONS, LISTING, READING, TAGGED } from "../common-answers.ts";
import { type Contract, json } from "../contract.ts";

const LONGEST_LIST = 1_000;

const WHOLE = v.pipe(v.string(), v.regex(/^\d{1,15}$/, "A whole number is expected"));

/** Query of the list of commands. */
export const OPERATIONS_QUERY = {
  device: v.optional(ENTITY_ID_SCHEMA),
  operation: v.optional(v.string()),
  status: v.optional(v.string()),
  since: v.optional(
    v.pipe(WHOLE, v.description("Milliseconds since the Unix epoch: what goes on, or ended at or after it")),
  ),
  limit: v.optional(v.pipe(WHOLE, v.description(`At most so many, the newest; ${LONGEST_LIST} unless given`))),
};

export const LIST_OPERATIONS = {
  id: "listOperations",
  method: "GET",
  path: "/te/v1/operations",
  tag: "operations",
  summary: "List commands of all entities, the newest first: those that go on and the last ones that ended",
  parameters: { query: OPERATIONS_QUERY, header: CONDITIONS },
  answers: {
    200: { summary: "The commands", content: json(v.array(COMMAND_RECORD_SCHEMA)), headers: TAGGED },
    ...LISTING,
  },
} as const satisfies Contract;

export const GET_OPERATION = {
  id: "getOperation",
  method: "GET",
  path: "/te/v1/operations/{operation}/{id}",
  tag: "operations",
  summary: "Get the newest command of an operation with an id",
  parameters: {
    path: { operation: v.string(), id: v.string() },
    query: { device: v.optional(ENTITY_ID_SCHEMA) },
    header: CONDITIONS,
  },
  answers: {
    200: { summary: "The command", content: json(COMMAND_RECORD_SCHEMA), headers: TAGGED },
    ...READING,
  },
} as const satisfies Contract;

export const OPERATION_CONTRACTS: readonly Contract[] = [LIST_OPERATIONS, GET_OPERATION];
