import * as v from "valibot";
import { err, ok, type Result } from "../../base/result.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { EVENT_KINDS, type EventKind } from "../../feed/event-document.ts";
import { jsonProblem, type Problem, textProblem } from "../problem.ts";

/** What the query of an event stream asks for; each route looks at what it knows. */
export interface EventQuery {
  readonly kinds?: ReadonlySet<EventKind>;
  readonly root?: EntityId;
  readonly descendants: boolean;
  readonly lastEventId?: string;
}

/** Kinds of changes; all when it is not given. */
export const EVENT_TYPE_SCHEMA = v.array(
  v.picklist(
    EVENT_KINDS,
    ({ input }) => `Invalid event type: ${input}. Use one or several of ${EVENT_KINDS.join(", ")}`,
  ),
);

/** Whether everything below the entity is followed too. */
export const DESCENDANTS_SCHEMA = v.picklist(
  ["true", "false"],
  ({ input }) => `Invalid value of descendants: ${input}. Use true or false`,
);

/** Id of the last event that the client had; the header `Last-Event-ID`, which wins, or a parameter for those who cannot set it. */
export const LAST_EVENT_ID_SCHEMA = v.string();

const QUERY = v.object({
  type: v.optional(EVENT_TYPE_SCHEMA),
  root: v.optional(ENTITY_ID_SCHEMA),
  descendants: v.optional(DESCENDANTS_SCHEMA),
  "last-event-id": v.optional(LAST_EVENT_ID_SCHEMA),
});

/**
 * Reads `type` (one kind or several, separated by commas or repeated), `root`, `descendants` and `last-event-id`. An empty value counts as
 * not given, other parameters are ignored, as in the query of a list (spec/http-api §3.3).
 */
export function parseEventQuery(query: string): Result<EventQuery, Problem> {
  const parameters = new URLSearchParams(query);
  const repeated = SINGLE.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) {
    return err(textProblem(400, `Failed to deserialize query string: duplicate field \`${repeated}\``));
  }
  const types = parameters.getAll("type").flatMap((words) => words.split(",").filter((word) => word !== ""));
  const given = SINGLE.flatMap((name) => {
    const value = parameters.get(name) ?? "";
    return value === "" ? [] : [[name, value]];
  });
  const read = v.safeParse(QUERY, { ...(types.length === 0 ? {} : { type: types }), ...Object.fromEntries(given) });
  if (!read.success) return err(jsonProblem(400, read.issues[0].message));
  const { type, root, descendants, "last-event-id": lastEventId } = read.output;
  return ok({
    ...(type === undefined ? {} : { kinds: new Set(type) }),
    ...(root === undefined ? {} : { root }),
    descendants: descendants === "true",
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
}

const SINGLE = ["root", "descendants", "last-event-id"] as const;
