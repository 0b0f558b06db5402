import { Hono } from "hono";
import type { Clock } from "../../base/clock.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type EntityId, parseEntityId } from "../../bus/entity-id.ts";
import type { EventFilter } from "../../feed/event-filter.ts";
import type { Feed } from "../../feed/feed.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import type { Twin } from "../../twin/twin.ts";
import { emptyResponse, jsonProblem, type Problem, problemResponse } from "../problem.ts";
import { rawPath, rawQuery } from "../raw-target.ts";
import { type EventQuery, parseEventQuery } from "./event-query.ts";
import { eventStream } from "./event-stream.ts";

export interface EventRoutesOptions {
  readonly feed: Feed;
  readonly twin: Pick<Twin, "get">;
  readonly clock: Clock;
}

const ENTITIES = "/te/v1/entities/";

/**
 * What changes on the bus, as Server-Sent Events: `/te/v1/events` of all entities, `/te/v1/entities/<id>/events` of one. These routes have
 * to stand before those of entities, which answer everything below `/te/v1/entities/`.
 */
export function eventRoutes(options: EventRoutesOptions): Hono {
  const routes = new Hono();
  routes.all("/te/v1/events", ({ req }) => answer(options, req.raw, ({ root }) => scopeOf(options, root, true)));
  routes.all(`${ENTITIES}*`, async ({ req }, next) => {
    const id = entityOfEvents(rawPath(req.raw));
    if (id === undefined) return await next();
    if (!id.ok) return problemResponse(id.fault);
    return answer(options, req.raw, ({ descendants }) => scopeOf(options, id.value, descendants));
  });
  return routes;
}

/** The entity of `/te/v1/entities/<four segments>/events`; `undefined` for any other path. */
function entityOfEvents(path: string): Result<EntityId, Problem> | undefined {
  const decoded = decodeRequestPath(path.slice(ENTITIES.length));
  const segments = decoded.ok ? decoded.value.split("/") : [];
  if (segments.length !== 5 || segments[4] !== "events") return undefined;
  const id = parseEntityId(segments.slice(0, 4).join("/"));
  return id.ok ? id : err(jsonProblem(400, id.fault.message));
}

type Scope = EventFilter["scope"];

function scopeOf({ twin }: EventRoutesOptions, id: EntityId | undefined, descendants: boolean): Result<Scope, Problem> {
  if (id === undefined) return ok(undefined);
  if (twin.get(id) === undefined) return err(jsonProblem(404, `Entity with topic id: ${id} not found`));
  return ok({ id, descendants });
}

function answer(
  { feed, clock }: EventRoutesOptions,
  request: Request,
  chooseScope: (query: EventQuery) => Result<Scope, Problem>,
): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return emptyResponse(405, { allow: "GET,HEAD" });
  const query = parseEventQuery(rawQuery(request));
  if (!query.ok) return problemResponse(query.fault);
  const scope = chooseScope(query.value);
  if (!scope.ok) return problemResponse(scope.fault);
  // A stream whose body is thrown away would never end.
  if (request.method === "HEAD") return emptyResponse(200, HEADERS);
  const { kinds } = query.value;
  const lastEventId = request.headers.get("last-event-id") || query.value.lastEventId;
  const filter = {
    ...(kinds === undefined ? {} : { kinds }),
    ...(scope.value === undefined ? {} : { scope: scope.value }),
  };
  const stream = eventStream(feed, { filter, ...(lastEventId === undefined ? {} : { lastEventId }) }, clock);
  return stream.ok ? new Response(stream.value, { headers: HEADERS }) : unavailable(stream.fault.message);
}

const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would hold events back until it has a buffer full of them.
  "x-accel-buffering": "no",
};

/** Seconds. */
const RETRY_AFTER = "10";

function unavailable(text: string): Response {
  const response = problemResponse(jsonProblem(503, text));
  response.headers.set("retry-after", RETRY_AFTER);
  return response;
}
