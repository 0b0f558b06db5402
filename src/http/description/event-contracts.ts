import * as v from "valibot";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { ANY_ERROR, type Answer, type Contract, JSON_ERROR } from "../contract.ts";
import { FULL_ID_SCHEMA } from "../entities/entity-schemas.ts";
import { DESCENDANTS_SCHEMA, EVENT_TYPE_SCHEMA, LAST_EVENT_ID_SCHEMA } from "../events/event-query.ts";

const DETAILS =
  "The data of each event is JSON of the schema `StreamEvent`. A client that connects again with the id of the last event that it had goes on from there.";

const STREAM: Answer = {
  summary: "Server-Sent Events, without end",
  content: [{ mediaType: "text/event-stream", schema: v.string() }],
};
const BAD_QUERY: Answer = { summary: "The query or the path makes no sense", content: ANY_ERROR };
const NOT_FOUND: Answer = { summary: "The entity is not known", content: JSON_ERROR };
const TOO_MANY: Answer = {
  summary: "Too many streams are open",
  content: JSON_ERROR,
  headers: { "Retry-After": v.string() },
};

const QUERY = { type: v.optional(EVENT_TYPE_SCHEMA), "last-event-id": v.optional(LAST_EVENT_ID_SCHEMA) };
const HEADER = { "Last-Event-ID": v.optional(LAST_EVENT_ID_SCHEMA) };

/** What changes on the bus, as a stream. */
export const EVENT_CONTRACTS: readonly Contract[] = [
  {
    id: "streamEvents",
    method: "GET",
    path: "/te/v1/events",
    tag: "events",
    summary: "Follow what changes, of all entities or of a root and all below it",
    details: DETAILS,
    parameters: { query: { ...QUERY, root: v.optional(ENTITY_ID_SCHEMA) }, header: HEADER },
    answers: { 200: STREAM, 400: BAD_QUERY, 404: NOT_FOUND, 503: TOO_MANY },
  },
  {
    id: "streamEntityEvents",
    method: "GET",
    path: "/te/v1/entities/{topic-id}/events",
    tag: "events",
    summary: "Follow what changes of one entity",
    details: DETAILS,
    parameters: {
      path: { "topic-id": FULL_ID_SCHEMA },
      query: { ...QUERY, descendants: v.optional(DESCENDANTS_SCHEMA) },
      header: HEADER,
    },
    answers: { 200: STREAM, 400: BAD_QUERY, 404: NOT_FOUND, 503: TOO_MANY },
  },
];
