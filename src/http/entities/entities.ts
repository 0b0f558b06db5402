import { Hono } from "hono";
import type { Result } from "../../base/result.ts";
import { decodeRequestPath } from "../../files/store/store-path.ts";
import type { Twin } from "../../twin/twin.ts";
import { readBodyText } from "../body-text.ts";
import { emptyResponse, type Problem, problemResponse, textProblem } from "../problem.ts";
import { rawQuery } from "../raw-target.ts";
import { changeTarget, getTarget, listEntities, putTarget, registerEntity, removeTarget } from "./entity-actions.ts";
import { type EntityTarget, parseEntityTarget } from "./entity-target.ts";

const ENTITIES = "/te/v1/entities";

/** The entity store API (spec/http-api §3). */
export function entityRoutes(twin: Twin): Hono {
  const routes = new Hono();
  routes.get(ENTITIES, ({ req }) => answer(listEntities(twin, rawQuery(req.raw))));
  routes.post(ENTITIES, async ({ req }) => {
    const body = await readBodyText(req.raw);
    return body.ok
      ? answer(await registerEntity(twin, req.header("content-type"), body.value))
      : problemResponse(body.fault);
  });
  routes.all(ENTITIES, () => emptyResponse(405, { allow: "POST,GET,HEAD" }));

  routes.all(`${ENTITIES}/`, () => emptyResponse(404));
  routes.on(["GET", "DELETE"], `${ENTITIES}/*`, async ({ req }) => {
    const target = targetOf(req.path);
    if (!target.ok) return problemResponse(target.fault);
    return answer(await (req.method === "DELETE" ? removeTarget : getTarget)(twin, target.value));
  });
  routes.on(["PUT", "PATCH"], `${ENTITIES}/*`, async ({ req }) => {
    const body = await readBodyText(req.raw);
    if (!body.ok) return problemResponse(body.fault);
    const target = targetOf(req.path);
    if (!target.ok) return problemResponse(target.fault);
    return answer(await (req.method === "PUT" ? putTarget : changeTarget)(twin, target.value, body.value));
  });
  routes.all(`${ENTITIES}/*`, () => emptyResponse(405, { allow: "GET,HEAD,PUT,PATCH,DELETE" }));
  return routes;
}

function targetOf(path: string): Result<EntityTarget, Problem> {
  const decoded = decodeRequestPath(path.slice(ENTITIES.length + 1));
  return decoded.ok ? parseEntityTarget(decoded.value) : { ok: false, fault: textProblem(400, decoded.fault.message) };
}

function answer(result: Result<Response, Problem>): Response {
  return result.ok ? result.value : problemResponse(result.fault);
}
