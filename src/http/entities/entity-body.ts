import { isJsonObject, type Json, type JsonObject, stringifyJson } from "../../base/json.ts";
import type { JsonDocument } from "../../base/json-document.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type EntityId, parseEntityId } from "../../bus/entity-id.ts";
import { ENTITY_TYPES, type Entity, type EntityPatch, type EntityType, type Registration } from "../../twin/twin.ts";

/** The entity object of answers, absent members left out (spec/http-api §3.2). */
export function entityObject(entity: Entity): JsonObject {
  return {
    "@topic-id": entity.id,
    ...(entity.parent === undefined ? {} : { "@parent": entity.parent }),
    "@type": entity.type,
    ...(entity.externalId === undefined ? {} : { "@id": entity.externalId }),
    ...(entity.health === undefined ? {} : { "@health": entity.health }),
  };
}

/** JSON text of a list of entities. */
export function entityList(entities: readonly Entity[]): string {
  return stringifyJson(entities.map(entityObject));
}

/** Reads the body of POST (spec/http-api §3.4); members without `@topic-id` and the like are twin data. The error is the reason as text. */
export function parseRegistration(document: JsonDocument): Result<Registration, string> {
  const { value, complaint } = document;
  if (!isJsonObject(value)) return err(complaint.invalidType(value, "a map"));
  const {
    "@topic-id": topicId,
    "@type": type,
    "@parent": parent,
    "@id": externalId,
    "@health": health,
    ...twin
  } = value;
  if (topicId === undefined) return err(complaint.missingField("@topic-id"));
  const id = readId(document, "@topic-id", topicId);
  if (!id.ok) return id;
  if (type === undefined) return err(complaint.missingField("@type"));
  const entityType = readType(document, type);
  if (!entityType.ok) return entityType;
  const parentId = readOptionalId(document, "@parent", parent);
  if (!parentId.ok) return parentId;
  const healthId = readOptionalId(document, "@health", health);
  if (!healthId.ok) return healthId;
  if (isGiven(externalId) && typeof externalId !== "string") {
    return err(complaint.invalidType(externalId, "a string", "@id"));
  }
  return ok({
    id: id.value,
    type: entityType.value,
    ...(parentId.value === undefined ? {} : { parent: parentId.value }),
    ...(isGiven(externalId) ? { externalId } : {}),
    ...(healthId.value === undefined ? {} : { health: healthId.value }),
    twin,
  });
}

/** Reads the body of PATCH: `@parent` and `@health`, of which `null` leaves alone, and nothing else. The error is the reason as text. */
export function parsePatch(document: JsonDocument): Result<EntityPatch, string> {
  const { value, complaint } = document;
  if (!isJsonObject(value)) return err(complaint.invalidType(value, "a map"));
  const unknown = Object.keys(value).find((name) => name !== "@parent" && name !== "@health");
  if (unknown !== undefined) return err(complaint.unknownField(unknown, "`@parent` or `@health`"));
  const parent = readOptionalId(document, "@parent", value["@parent"]);
  if (!parent.ok) return parent;
  const health = readOptionalId(document, "@health", value["@health"]);
  if (!health.ok) return health;
  return ok({
    ...(parent.value === undefined ? {} : { parent: parent.value }),
    ...(health.value === undefined ? {} : { health: health.value }),
  });
}

function readOptionalId(
  document: JsonDocument,
  member: string,
  value: Json | undefined,
): Result<EntityId | undefined, string> {
  return isGiven(value) ? readId(document, member, value) : ok(undefined);
}

function readId({ complaint }: JsonDocument, member: string, value: Json): Result<EntityId, string> {
  if (typeof value !== "string") return err(complaint.invalidType(value, "a string", member));
  const id = parseEntityId(value);
  return id.ok ? id : err(complaint.refused(id.fault.message, member));
}

function readType({ complaint }: JsonDocument, value: Json): Result<EntityType, string> {
  if (typeof value !== "string") return err(complaint.invalidType(value, "a string", "@type"));
  const type = ENTITY_TYPES.find((known) => known === value);
  if (type !== undefined) return ok(type);
  const expected = ENTITY_TYPES.map((known) => `\`${known}\``).join(", ");
  return err(complaint.refused(`unknown variant \`${value}\`, expected one of ${expected}`, "@type"));
}

function isGiven(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}
