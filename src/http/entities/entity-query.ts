import { err, ok, type Result } from "../../base/result.ts";
import { type EntityId, parseEntityId } from "../../bus/entity-id.ts";
import { ENTITY_TYPES, type EntityQuery } from "../../twin/twin.ts";
import { jsonProblem, type Problem, textProblem } from "../problem.ts";

/** Reads `root`, `parent` and `type` of a list request; an empty value counts as not given (spec/http-api §3.3). */
export function parseEntityQuery(query: string): Result<EntityQuery, Problem> {
  const parameters = new URLSearchParams(query);
  for (const name of ["root", "parent", "type"]) {
    if (parameters.getAll(name).length > 1) {
      return err(textProblem(400, `Failed to deserialize query string: duplicate field \`${name}\``));
    }
  }
  const root = optionalId(parameters.get("root"));
  if (!root.ok) return root;
  const parent = optionalId(parameters.get("parent"));
  if (!parent.ok) return parent;
  const wanted = parameters.get("type") ?? "";
  const type = ENTITY_TYPES.find((known) => known === wanted);
  if (wanted !== "" && type === undefined) return err(jsonProblem(400, `Invalid entity type: ${wanted}`));
  if (root.value !== undefined && parent.value !== undefined) return err(EXCLUSIVE);
  return ok({
    ...(root.value === undefined ? {} : { root: root.value }),
    ...(parent.value === undefined ? {} : { parent: parent.value }),
    ...(type === undefined ? {} : { type }),
  });
}

const EXCLUSIVE = jsonProblem(400, "The provided parameters: root and parent are mutually exclusive. Use either one.");

function optionalId(text: string | null): Result<EntityId | undefined, Problem> {
  if (text === null || text === "") return ok(undefined);
  const id = parseEntityId(text);
  return id.ok ? id : err(jsonProblem(400, id.fault.message));
}
