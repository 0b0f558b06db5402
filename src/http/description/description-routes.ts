import { Hono } from "hono";
import { entityTag } from "../entity-tag.ts";
import { emptyResponse, problemResponse } from "../problem.ts";
import { answerState } from "../reply.ts";
import type { BusDescription } from "./asyncapi.ts";
import { GET_ASYNCAPI, GET_OPENAPI } from "./description-contracts.ts";

export interface DescriptionOptions {
  readonly bus: BusDescription;
  /** Whether clients have to show a token (`http.authz`). */
  readonly needsToken: boolean;
}

/**
 * The documents that describe the HTTP interface and the bus to programs and to generators of clients. They are made when somebody asks for
 * the first time, so that an agent that nobody asks carries neither them nor what makes them.
 */
export function descriptionRoutes({ bus, needsToken }: DescriptionOptions): Hono {
  const routes = new Hono();
  serve(routes, GET_OPENAPI.path, async () => {
    const { httpDocument } = await import("./http-document.ts");
    return httpDocument({ needsToken });
  });
  serve(routes, GET_ASYNCAPI.path, async () => {
    const { asyncApiDocument } = await import("./asyncapi.ts");
    return asyncApiDocument(bus);
  });
  return routes;
}

function serve(routes: Hono, path: string, make: () => Promise<string>): void {
  let made: Promise<{ readonly text: string; readonly etag: string }> | undefined;
  routes.get(path, async ({ req }) => {
    made ??= make().then((text) => ({ text, etag: entityTag(text) }));
    const answer = answerState(req.raw.headers, await made);
    return answer.ok ? answer.value : problemResponse(answer.fault);
  });
  routes.all(path, () => emptyResponse(405, { allow: "GET,HEAD" }));
}
