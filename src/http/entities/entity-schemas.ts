import * as v from "valibot";
import { ID_SEGMENT } from "../../bus/entity-id.ts";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { JSON_OBJECT_SCHEMA } from "../../bus/payload/json-value.ts";
import { ENTITY_TYPE_SCHEMA, ENTITY_TYPES, REGISTRATION_SCHEMA } from "../../bus/payload/registration.ts";
import { LONGEST_TWIN_KEY, TWIN_KEY_PATTERN } from "../../bus/payload/twin.ts";

/** An id in answers: four segments, always. */
export const CANONICAL_ID_SCHEMA = v.pipe(v.string(), v.regex(new RegExp(`^${ID_SEGMENT}(?:/${ID_SEGMENT}){3}$`)));

/** The entity object of answers; members that say nothing are left out (spec/http-api §3.2). */
export const ENTITY_SCHEMA = v.object({
  "@topic-id": CANONICAL_ID_SCHEMA,
  "@parent": v.optional(CANONICAL_ID_SCHEMA),
  "@type": ENTITY_TYPE_SCHEMA,
  "@id": v.optional(v.string()),
  "@health": v.optional(CANONICAL_ID_SCHEMA),
});

export const ENTITY_LIST_SCHEMA = v.array(ENTITY_SCHEMA);

const EXCLUSIVE = "The provided parameters: root and parent are mutually exclusive. Use either one.";

/** Query of the list; an empty value counts as not given and is none of this (spec/http-api §3.3). */
export const LIST_QUERY_SCHEMA = v.pipe(
  v.object({
    root: v.optional(ENTITY_ID_SCHEMA),
    parent: v.optional(ENTITY_ID_SCHEMA),
    type: v.optional(v.picklist(ENTITY_TYPES, ({ input }) => `Invalid entity type: ${input}`)),
  }),
  v.check(({ root, parent }) => root === undefined || parent === undefined, EXCLUSIVE),
);

/** Body of POST: members of other names are twin data (spec/http-api §3.4). */
export const NEW_ENTITY_SCHEMA = v.object(
  { "@topic-id": ENTITY_ID_SCHEMA, ...REGISTRATION_SCHEMA.entries },
  ({ path }) => `missing field \`${path?.[0]?.key}\``,
);

/** Answer of POST. */
export const REGISTERED_SCHEMA = v.object({ "@topic-id": CANONICAL_ID_SCHEMA });

/** Body of PATCH: `null` leaves alone (spec/http-api §3.4). */
export const ENTITY_PATCH_SCHEMA = v.strictObject(
  { "@parent": v.nullish(ENTITY_ID_SCHEMA), "@health": v.nullish(ENTITY_ID_SCHEMA) },
  ({ path }) => `unknown field \`${path?.[0]?.key}\`, expected \`@parent\` or \`@health\``,
);

/** In paths below an entity all four segments are written out (spec/http-api §3.1). */
export const FULL_ID_SCHEMA = v.pipe(
  CANONICAL_ID_SCHEMA,
  v.metadata({ examples: ["device/main//", "device/main/service/tedge-agent"] }),
);

/** All twin data of an entity (spec/http-api §3.7). */
export const TWIN_SCHEMA = v.pipe(
  JSON_OBJECT_SCHEMA,
  v.metadata({ propertyNames: { pattern: TWIN_KEY_PATTERN.source, maxLength: LONGEST_TWIN_KEY } }),
);

/** Key of one value of an exposed configuration; dots belong to it. */
export const CONFIG_KEY_SCHEMA = v.pipe(v.string(), v.regex(/^[^/]+$/), v.metadata({ examples: ["mqtt.client.port"] }));
