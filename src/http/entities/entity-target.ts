import { err, ok, type Result } from "../../base/result.ts";
import { type EntityId, parseEntityId } from "../../bus/entity-id.ts";
import { jsonProblem, type Problem } from "../problem.ts";

/** What a path below `/te/v1/entities/` names (spec/http-api §3.1). */
export type EntityTarget =
  | { readonly kind: "entity"; readonly id: EntityId }
  | { readonly kind: "twin"; readonly id: EntityId }
  | { readonly kind: "fragment"; readonly id: EntityId; readonly key: string }
  | { readonly kind: "config"; readonly id: EntityId }
  | { readonly kind: "setting"; readonly id: EntityId; readonly key: string };

/** Reads the decoded path behind `/te/v1/entities/`; empty segments count. */
export function parseEntityTarget(path: string): Result<EntityTarget, Problem> {
  const segments = path.split("/");
  const [channel, ...rest] = segments.slice(4);
  if (segments.length === 1) return err(jsonProblem(404, "Not Found"));
  if (channel === undefined) return withId(segments, (id) => ({ kind: "entity", id }));
  const [key, ...more] = rest;
  if (channel === "twin") {
    if (more.length > 0) return err(invalidTwinKey(rest.join("/")));
    return withId(segments, (id) =>
      key === undefined || key === "" ? { kind: "twin", id } : { kind: "fragment", id, key },
    );
  }
  if (channel === "config" && more.length === 0) {
    return withId(segments, (id) => (key === undefined ? { kind: "config", id } : { kind: "setting", id, key }));
  }
  return err(jsonProblem(404, `Actions on channel: ${channel} are not supported`));
}

function withId(segments: readonly string[], target: (id: EntityId) => EntityTarget): Result<EntityTarget, Problem> {
  const id = parseEntityId(segments.slice(0, 4).join("/"));
  return id.ok ? ok(target(id.value)) : err(jsonProblem(400, id.fault.message));
}

function invalidTwinKey(key: string): Problem {
  const rule = "Keys that are empty, containing '/' or starting with '@' are not allowed";
  return jsonProblem(400, `Invalid twin key: '${key}'. ${rule}`);
}
