import { type EntityId, parseEntityId } from "../../../src/bus/entity-id.ts";
import type { EventKind } from "../../../src/feed/event-document.ts";
import type { FeedEvent } from "../../../src/feed/event-ring.ts";

export function entityId(text: string): EntityId {
  const id = parseEntityId(text);
  if (!id.ok) throw new Error(id.fault.message);
  return id.value;
}

/** An event of the first entity of `path`. */
export function anEvent(text: string, kind: EventKind = "alarm", path: readonly string[] = ["device/main"]): FeedEvent {
  return { kind, path: path.map(entityId), text };
}
