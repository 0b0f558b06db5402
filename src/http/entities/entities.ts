import { Hono } from "hono";
import type { Result } from "../../base/result.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import type { Twin } from "../../twin/twin.ts";
import { readBodyText } from "../body-text.ts";
import type { Contract } from "../contract.ts";
import { emptyResponse, type Problem, problemResponse, textProblem } from "../problem.ts";
import { rawQuery } from "../raw-target.ts";
import { ACTION_CONTRACTS, act } from "./act.ts";
import { listEntities, registerEntity } from "./entity-actions.ts";
import { ENTITIES_PATH, LIST_ENTITIES, REGISTER_ENTITY } from "./entity-contracts.ts";
import { type EntityTarget, parseEntityTarget } from "./entity-target.ts";

/** All that the entity store API does. */
export const ENTITY_CONTRACTS: readonly Contract[] = [LIST_ENTITIES, REGISTER_ENTITY, ...ACTION_CONTRACTS];

/** The entity store API (spec/http-api §3). */
export function entityRoutes(twin: Twin): Hono {
  const routes = new Hono();
  routes.get(ENTITIES_PATH, ({ req }) => answer(listEntities(twin, rawQuery(req.raw), req.raw.headers)));
  routes.post(ENTITIES_PATH, async ({ req }) => answer(await registerEntity(twin, req.raw)));
  routes.all(ENTITIES_PATH, () => emptyResponse(405, { allow: "POST,GET,HEAD" }));

  routes.all(`${ENTITIES_PATH}/`, () => emptyResponse(404));
  routes.on(["GET", "PUT", "PATCH", "DELETE"], `${ENTITIES_PATH}/*`, async ({ req }) => {
    const hasBody = req.method === "PUT" || req.method === "PATCH";
    const body = hasBody ? await readBodyText(req.raw) : { ok: true as const, value: "" };
    if (!body.ok) return problemResponse(body.fault);
    const target = targetOf(req.path);
    if (!target.ok) return problemResponse(target.fault);
    const method = req.method === "HEAD" ? "GET" : req.method;
    return answer(await act(method, { twin, target: target.value, headers: req.raw.headers, body: body.value }));
  });
  routes.all(`${ENTITIES_PATH}/*`, () => emptyResponse(405, { allow: "GET,HEAD,PUT,PATCH,DELETE" }));
  return routes;
}

function targetOf(path: string): Result<EntityTarget, Problem> {
  const decoded = decodeRequestPath(path.slice(ENTITIES_PATH.length + 1));
  return decoded.ok ? parseEntityTarget(decoded.value) : { ok: false, fault: textProblem(400, decoded.fault.message) };
}

function answer(result: Result<Response, Problem>): Response {
  return result.ok ? result.value : problemResponse(result.fault);
}
