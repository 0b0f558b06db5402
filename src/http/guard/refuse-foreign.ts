import type { Log } from "../../base/log.ts";
import type { RequestInfo } from "../../platform/http-listener.ts";
import { problemResponse } from "../problem.ts";
import { rawPath } from "../raw-target.ts";
import type { HttpApp } from "../routed-app.ts";
import type { HostPolicy } from "./host-policy.ts";
import { judgeRequest } from "./judge-request.ts";

/** Answers what the server's listener hands over. */
export type HttpHandler = (request: Request, info: RequestInfo) => Promise<Response>;

/** Refusals of one kind that are logged as warnings; the others are for whoever debugs. */
const MOST_WARNINGS = 20;

/** Answers requests of foreign web pages 421 or 403 and leaves the others to `app`. What is refused is logged once for each reason. */
export function refuseForeign(app: HttpApp, policy: HostPolicy, log: Log): HttpHandler {
  const told = new Set<string>();
  return async (request, info) => {
    const problem = judgeRequest(request.headers, policy);
    if (problem === undefined) return await app(request);
    const text = `Refused ${request.method} ${rawPath(request)} from ${info.remote ?? "an unknown client"}: ${problem.text}`;
    if (told.has(problem.text) || told.size >= MOST_WARNINGS) log.debug(text);
    else log.warn(text);
    if (told.size < MOST_WARNINGS) told.add(problem.text);
    return problemResponse(problem);
  };
}
