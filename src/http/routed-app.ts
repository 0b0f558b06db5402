import { Hono } from "hono";
import { toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { emptyResponse, problemResponse, textProblem } from "./problem.ts";
import { rawPath } from "./raw-target.ts";

/** Answers a request; never throws. */
export type HttpApp = (request: Request) => Promise<Response>;

/**
 * One application of several groups of routes. Routes match the raw path; an unknown path is a 404 without body; what a handler throws
 * is a bug, logged, and a 500 (spec/http-api, top and §11).
 */
export function routedApp(log: Log, ...groups: readonly Hono[]): HttpApp {
  const app = new Hono({ getPath: rawPath });
  for (const routes of groups) app.route("/", routes);
  app.notFound(() => emptyResponse(404));
  app.onError((error, { req }) => {
    if (!req.raw.signal.aborted) log.error(`${req.method} ${req.path} failed`, toFault(error));
    return problemResponse(textProblem(500, "Internal error"));
  });
  return async (request) => await app.fetch(request);
}
