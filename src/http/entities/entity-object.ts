import type { Entity } from "../../twin/twin.ts";

/** The entity as answers show it, absent members left out, in this order (spec/http-api §3.2). */
export function entityObject(entity: Entity) {
  return {
    "@topic-id": entity.id,
    ...(entity.parent === undefined ? {} : { "@parent": entity.parent }),
    "@type": entity.type,
    ...(entity.externalId === undefined ? {} : { "@id": entity.externalId }),
    ...(entity.health === undefined ? {} : { "@health": entity.health }),
  };
}
