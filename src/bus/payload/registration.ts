import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifySorted } from "../../base/json.ts";
import { jsonKind } from "../../base/json-kind.ts";
import { memberNames } from "../../base/member-names.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type EntityId, parseEntityId } from "../entity-id.ts";

export const ENTITY_TYPES = ["device", "child-device", "service"] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** What a registration message says; absent members take the defaults of spec/mqtt-api §4.2. */
export interface RegistrationPayload {
  readonly type: EntityType;
  readonly parent?: EntityId;
  readonly externalId?: string;
  /** The service whose health stands for this device. */
  readonly health?: EntityId;
  /** Initial twin data, keys as they came: not every one makes a twin topic. */
  readonly twin: JsonObject;
}

export type RegistrationFault = Fault<"invalid-registration">;

/** Reads the text of a registration message. The fault's message is an error kernel of spec/mqtt-api §4.1. */
export function parseRegistration(text: string): Result<RegistrationPayload, RegistrationFault> {
  const json = parseJson(text);
  if (!json.ok) return err(invalid(json.fault.message));
  if (!isJsonObject(json.value)) return err(invalid(`invalid type: ${jsonKind(json.value)}, expected a map`));
  const twice = repeatedReservedName(text);
  if (twice !== undefined) return err(invalid(`duplicate field \`${twice}\``));
  return readRegistration(json.value);
}

/** Reads a registration that is JSON already; faults as `parseRegistration`. */
export function readRegistration(json: JsonObject): Result<RegistrationPayload, RegistrationFault> {
  const parsed = v.safeParse(RESERVED, json, { abortEarly: true });
  if (!parsed.success) return err(invalid(parsed.issues[0].message));
  const { "@type": type, "@parent": parent, "@id": externalId, "@health": health } = parsed.output;
  return ok({
    type,
    ...(parent == null ? {} : { parent }),
    ...(externalId == null ? {} : { externalId }),
    ...(health == null ? {} : { health }),
    twin: Object.fromEntries(Object.entries(json).filter(([key]) => !Object.hasOwn(RESERVED.entries, key))),
  });
}

/** Compact JSON with sorted keys; only what the payload holds, so no default is added (spec/mqtt-api §4.6). */
export function formatRegistration(payload: RegistrationPayload): string {
  const { type, parent, externalId, health, twin } = payload;
  const reserved: Record<string, Json> = { "@type": type };
  if (parent !== undefined) reserved["@parent"] = parent;
  if (externalId !== undefined) reserved["@id"] = externalId;
  if (health !== undefined) reserved["@health"] = health;
  return stringifySorted({ ...twin, ...reserved });
}

const expectedString = (issue: { readonly input: unknown }) =>
  `invalid type: ${jsonKind(issue.input)}, expected a string`;

const TOPIC_ID = v.pipe(
  v.string(expectedString),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const id = parseEntityId(dataset.value);
    if (id.ok) return id.value;
    addIssue({ message: id.fault.message });
    return NEVER;
  }),
);

const TYPE = v.picklist(ENTITY_TYPES, ({ input }) => {
  if (typeof input !== "string") return `invalid type: ${jsonKind(input)}, expected string or map`;
  return `unknown variant \`${input}\`, expected one of ${ENTITY_TYPES.map((type) => `\`${type}\``).join(", ")}`;
});

const RESERVED = v.object(
  {
    "@type": TYPE,
    "@parent": v.nullish(TOPIC_ID),
    "@id": v.nullish(v.string(expectedString)),
    "@health": v.nullish(TOPIC_ID),
  },
  "missing field `@type`",
);

function repeatedReservedName(text: string): string | undefined {
  const names = memberNames(text).filter((name) => Object.hasOwn(RESERVED.entries, name));
  return names.find((name, index) => names.indexOf(name) !== index);
}

function invalid(message: string): RegistrationFault {
  return fault("invalid-registration", message);
}
