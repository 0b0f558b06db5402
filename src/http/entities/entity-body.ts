import { isJsonObject } from "../../base/json.ts";
import type { JsonDocument } from "../../base/json-document.ts";
import { ok, type Result } from "../../base/result.ts";
import type { EntityPatch, Registration } from "../../twin/twin.ts";
import { readShape } from "../json-shape.ts";
import { ENTITY_PATCH_SCHEMA, NEW_ENTITY_SCHEMA } from "./entity-schemas.ts";

/** Reads the body of POST (spec/http-api §3.4). The error is the reason as text. */
export function readRegistration(document: JsonDocument): Result<Registration, string> {
  const read = readShape(NEW_ENTITY_SCHEMA, document);
  if (!read.ok) return read;
  const { "@topic-id": id, "@type": type, "@parent": parent, "@id": externalId, "@health": health } = read.value;
  return ok({
    id,
    type,
    ...(parent == null ? {} : { parent }),
    ...(externalId == null ? {} : { externalId }),
    ...(health == null ? {} : { health }),
    twin: otherMembers(document),
  });
}

/** Reads the body of PATCH. The error is the reason as text. */
export function readPatch(document: JsonDocument): Result<EntityPatch, string> {
  const read = readShape(ENTITY_PATCH_SCHEMA, document);
  if (!read.ok) return read;
  const { "@parent": parent, "@health": health } = read.value;
  return ok({ ...(parent == null ? {} : { parent }), ...(health == null ? {} : { health }) });
}

function otherMembers({ value }: JsonDocument) {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(NEW_ENTITY_SCHEMA.entries, name)));
}
