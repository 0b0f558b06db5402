import * as v from "valibot";
import { JSON_OBJECT_SCHEMA, JSON_VALUE_SCHEMA } from "../bus/payload/json-value.ts";
import { ENTITY_TYPES } from "../bus/payload/registration.ts";

/** What a change may be about: the values of `type=`. */
export const EVENT_KINDS = ["registration", "twin", "config", "health", "alarm", "command"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

const COMMON = {
  /** Topic id of the entity, four segments. */
  id: v.string(),
  /** When the agent saw it, RFC 3339 in UTC. */
  time: v.pipe(v.string(), v.isoTimestamp()),
  /** The content is too large for the feed, and has to be read where it stands. */
  omitted: v.optional(v.literal(true)),
};

/** What a message held: JSON as `payload`, anything else as `text`, nothing when the message cleared its topic. */
const CONTENT = { payload: v.optional(JSON_VALUE_SCHEMA), text: v.optional(v.string()) };

const REGISTRATION_EVENT = v.object({
  ...COMMON,
  kind: v.literal("registration"),
  change: v.picklist(["registered", "updated", "removed"]),
  /** As `GET /te/v1/entities/<id>` shows it; of a removed one, as it was. */
  entity: v.optional(
    v.object({
      "@topic-id": v.string(),
      "@parent": v.optional(v.string()),
      "@type": v.picklist(ENTITY_TYPES),
      "@id": v.optional(v.string()),
      "@health": v.optional(v.string()),
    }),
  ),
});

const TWIN_EVENT = v.object({
  ...COMMON,
  kind: v.literal("twin"),
  change: v.picklist(["set", "removed"]),
  key: v.string(),
  value: v.optional(JSON_VALUE_SCHEMA),
});

const CONFIG_EVENT = v.object({
  ...COMMON,
  kind: v.literal("config"),
  change: v.picklist(["set", "removed"]),
  config: v.optional(JSON_OBJECT_SCHEMA),
});

const HEALTH_EVENT = v.object({
  ...COMMON,
  kind: v.literal("health"),
  change: v.picklist(["reported", "cleared"]),
  /** `up`, `down`, `unknown` or a word of the service's own. */
  status: v.optional(v.string()),
  ...CONTENT,
});

const ALARM_EVENT = v.object({
  ...COMMON,
  kind: v.literal("alarm"),
  change: v.picklist(["raised", "cleared"]),
  type: v.string(),
  ...CONTENT,
});

const COMMAND_EVENT = v.object({
  ...COMMON,
  kind: v.literal("command"),
  change: v.picklist(["state", "cleared"]),
  operation: v.string(),
  /** Id of the command, chosen by its requester. */
  command: v.string(),
  /** Only of a sound command state (spec/mqtt-api §10.2). */
  status: v.optional(v.string()),
  ...CONTENT,
});

/** One change, as the data of an event of the stream. */
export const EVENT_SCHEMA = v.variant("kind", [
  REGISTRATION_EVENT,
  TWIN_EVENT,
  CONFIG_EVENT,
  HEALTH_EVENT,
  ALARM_EVENT,
  COMMAND_EVENT,
]);
export type EventDocument = v.InferOutput<typeof EVENT_SCHEMA>;

/** Changes were missed: the client has to read the state again, and goes on with what follows. */
export const RESET_SCHEMA = v.object({
  kind: v.literal("reset"),
  time: COMMON.time,
  /**
   * `expired`: what the client missed is no longer kept; `unknown`: its id is of another run of the agent, or none; `broker`: the broker lost
   * the session of the agent, and what changed meanwhile could not be found out.
   */
  reason: v.picklist(["expired", "unknown", "broker"]),
});
export type ResetDocument = v.InferOutput<typeof RESET_SCHEMA>;

/** The last event of a stream whose client reads too slowly; it may resume by `Last-Event-ID`. */
export const OVERFLOW_SCHEMA = v.object({ kind: v.literal("overflow"), time: COMMON.time });
export type OverflowDocument = v.InferOutput<typeof OVERFLOW_SCHEMA>;

/** The data of any event of a stream; `event:` repeats `kind`. */
export const STREAM_EVENT_SCHEMA = v.variant("kind", [...EVENT_SCHEMA.options, RESET_SCHEMA, OVERFLOW_SCHEMA]);
