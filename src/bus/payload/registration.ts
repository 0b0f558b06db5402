import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifySorted } from "../../base/json.ts";
import { jsonKind } from "../../base/json-kind.ts";
import { memberNames } from "../../base/member-names.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { EntityId } from "../entity-id.ts";
import { ENTITY_ID_SCHEMA } from "../entity-id-schema.ts";

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

const EXTERNAL_ID = v.string(({ input }) => `invalid type: ${jsonKind(input)}, expected a string`);

/** `device` is the main device. */
export const ENTITY_TYPE_SCHEMA = v.picklist(ENTITY_TYPES, ({ input }) => {
  if (typeof input !== "string") return `invalid type: ${jsonKind(input)}, expected string or map`;
  return `unknown variant \`${input}\`, expected one of ${ENTITY_TYPES.map((type) => `\`${type}\``).join(", ")}`;
});

/**
 * The reserved members of a registration; all others are twin data. Messages are the kernels of spec/mqtt-api §4.1. It is only asked about
 * those others and never copies them, so that the spelling of numbers and every key stay as received.
 */
export const REGISTRATION_SCHEMA = v.object(
  {
    "@type": ENTITY_TYPE_SCHEMA,
    "@parent": v.nullish(ENTITY_ID_SCHEMA),
    "@id": v.nullish(EXTERNAL_ID),
    "@health": v.nullish(ENTITY_ID_SCHEMA),
  },
  "missing field `@type`",
);

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
  const parsed = v.safeParse(REGISTRATION_SCHEMA, json, { abortEarly: true });
  if (!parsed.success) return err(invalid(parsed.issues[0].message));
  const { "@type": type, "@parent": parent, "@id": externalId, "@health": health } = parsed.output;
  return ok({
    type,
    ...(parent == null ? {} : { parent }),
    ...(externalId == null ? {} : { externalId }),
    ...(health == null ? {} : { health }),
    twin: Object.fromEntries(Object.entries(json).filter(([key]) => !Object.hasOwn(REGISTRATION_SCHEMA.entries, key))),
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

function repeatedReservedName(text: string): string | undefined {
  const names = memberNames(text).filter((name) => Object.hasOwn(REGISTRATION_SCHEMA.entries, name));
  return names.find((name, index) => names.indexOf(name) !== index);
}

function invalid(message: string): RegistrationFault {
  return fault("invalid-registration", message);
}
