import * as v from "valibot";
import { err, ok, type Result } from "../../base/result.ts";
import type { EntityQuery } from "../../twin/twin.ts";
import { jsonProblem, type Problem, textProblem } from "../problem.ts";
import { LIST_QUERY_SCHEMA } from "./entity-schemas.ts";

/** Reads the query of a list request; an empty value counts as not given, other parameters are ignored (spec/http-api §3.3). */
export function readEntityQuery(query: string): Result<EntityQuery, Problem> {
  const given: Record<string, string> = {};
  const parameters = new URLSearchParams(query);
  for (const name of Object.keys(LIST_QUERY_SCHEMA.entries)) {
    const [value, second] = parameters.getAll(name);
    if (second !== undefined) {
      return err(textProblem(400, `Failed to deserialize query string: duplicate field \`${name}\``));
    }
    if (value) given[name] = value;
  }
  const read = v.safeParse(LIST_QUERY_SCHEMA, given, { abortEarly: true });
  if (!read.success) return err(jsonProblem(400, read.issues[0].message));
  const { root, parent, type } = read.output;
  return ok({
    ...(root === undefined ? {} : { root }),
    ...(parent === undefined ? {} : { parent }),
    ...(type === undefined ? {} : { type }),
  });
}
