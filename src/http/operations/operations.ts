import { Hono } from "hono";
import * as v from "valibot";
import { err, ok, type Result } from "../../base/result.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import type { CommandRecord } from "../../operations/history/command-record.ts";
import type { History, HistoryQuery } from "../../operations/history/history.ts";
import { entityTag } from "../entity-tag.ts";
import { emptyResponse, jsonProblem, type Problem, problemResponse, textProblem } from "../problem.ts";
import { rawPath, rawQuery } from "../raw-target.ts";
import { answerState } from "../reply.ts";
import { OPERATIONS_QUERY } from "./operation-contracts.ts";

const PATH = "/te/v1/operations";

type Commands = Pick<History, "list">;

/** `/te/v1/operations`: the commands of all entities, as seen on the bus. Only for reading: they are asked for and taken back over MQTT. */
export function operationRoutes(history: Commands): Hono {
  const routes = new Hono();
  routes.all(PATH, ({ req }) => answer(req.raw, () => list(history, req.raw)));
  routes.all(`${PATH}/*`, ({ req }) => answer(req.raw, () => getOne(history, req.raw)));
  return routes;
}

function answer(request: Request, read: () => Result<Response, Problem>): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return emptyResponse(405, { allow: "GET,HEAD" });
  const response = read();
  return response.ok ? response.value : problemResponse(response.fault);
}

function list(history: Commands, request: Request): Result<Response, Problem> {
  const query = readQuery(rawQuery(request));
  return query.ok ? replyJson(request, history.list(query.value)) : query;
}

function getOne(history: Commands, request: Request): Result<Response, Problem> {
  const decoded = decodeRequestPath(rawPath(request).slice(PATH.length + 1));
  const [operation = "", id = "", ...more] = decoded.ok ? decoded.value.split("/") : [];
  const query = readQuery(rawQuery(request));
  if (!query.ok) return query;
  const { device } = query.value;
  const where = { operation, id, ...(device === undefined ? {} : { device }), limit: 1 };
  const [record] = id === "" || more.length > 0 ? [] : history.list(where);
  if (record === undefined) return err(jsonProblem(404, `Command ${id} of the operation ${operation} not found`));
  return replyJson(request, record);
}

function replyJson(request: Request, value: CommandRecord | readonly CommandRecord[]): Result<Response, Problem> {
  const text = JSON.stringify(value);
  return answerState(request.headers, { text, etag: entityTag(text) });
}

const QUERY = v.object(OPERATIONS_QUERY);

/** An empty value counts as not given, other parameters are ignored (spec/http-api §3.3). */
function readQuery(query: string): Result<HistoryQuery, Problem> {
  const parameters = new URLSearchParams(query);
  const given: Record<string, string> = {};
  for (const name of Object.keys(OPERATIONS_QUERY)) {
    const [value, second] = parameters.getAll(name);
    if (second !== undefined) {
      return err(textProblem(400, `Failed to deserialize query string: duplicate field \`${name}\``));
    }
    if (value) given[name] = value;
  }
  const read = v.safeParse(QUERY, given, { abortEarly: true });
  if (!read.success) return err(jsonProblem(400, read.issues[0].message));
  const { since, limit, device, operation, status } = read.output;
  return ok({
    ...(device === undefined ? {} : { device }),
    ...(operation === undefined ? {} : { operation }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { since: Number(since) }),
    ...(limit === undefined ? {} : { limit: Number(limit) }),
  });
}
