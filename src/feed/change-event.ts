import { exhaustive } from "../base/exhaustive.ts";
import type { Entity, TwinChange } from "../twin/twin.ts";
import type { EventDocument } from "./event-document.ts";

/** The event of a change of the twin; `time` is RFC 3339. */
export function changeEvent(change: TwinChange, time: string): EventDocument {
  switch (change.kind) {
    case "registered":
    case "updated":
    case "removed":
      return {
        id: change.entity.id,
        kind: "registration",
        time,
        change: change.kind,
        entity: entityDocument(change.entity),
      };
    case "fragment": {
      const { id, key, value } = change;
      const common = { id, kind: "twin", time, key } as const;
      return value === undefined ? { ...common, change: "removed" } : { ...common, change: "set", value };
    }
    case "config": {
      const { id, config } = change;
      const common = { id, kind: "config", time } as const;
      return config === undefined ? { ...common, change: "removed" } : { ...common, change: "set", config };
    }
    default:
      return exhaustive(change);
  }
}

function entityDocument({ id, parent, type, externalId, health }: Entity) {
  return {
    "@topic-id": id,
    ...(parent === undefined ? {} : { "@parent": parent }),
    "@type": type,
    ...(externalId === undefined ? {} : { "@id": externalId }),
    ...(health === undefined ? {} : { "@health": health }),
  };
}
