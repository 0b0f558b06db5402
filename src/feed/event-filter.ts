import type { EntityId } from "../bus/entity-id.ts";
import type { EventKind } from "./event-document.ts";
import type { FeedEvent } from "./event-ring.ts";

/** Which changes a reader wants; what is left out does not restrict. */
export interface EventFilter {
  readonly kinds?: ReadonlySet<EventKind>;
  /** One entity, or with everything below it. */
  readonly scope?: { readonly id: EntityId; readonly descendants: boolean };
}

export function selects({ kinds, scope }: EventFilter, event: FeedEvent): boolean {
  const { kind, path } = event;
  if (kind === "reset") return true;
  if (kinds !== undefined && !kinds.has(kind)) return false;
  if (scope === undefined) return true;
  return scope.descendants ? path.includes(scope.id) : path[0] === scope.id;
}
