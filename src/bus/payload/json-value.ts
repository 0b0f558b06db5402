import * as v from "valibot";
import type { Json, JsonObject } from "../../base/json.ts";
import { jsonKind } from "../../base/json-kind.ts";

/** Any JSON, taken as it is. */
export const JSON_VALUE_SCHEMA = v.pipe(
  v.custom<Json>(() => true),
  v.metadata({}),
);

/** Any JSON object, taken as it is: never copied, so that the spelling of numbers and every key stay. The message is a kernel of spec/http-api §3.1. */
export const JSON_OBJECT_SCHEMA = v.pipe(
  v.custom<JsonObject>(
    (input) => typeof input === "object" && input !== null && !Array.isArray(input) && !JSON.isRawJSON(input),
    ({ input }) => `invalid type: ${jsonKind(input)}, expected a map`,
  ),
  v.metadata({ type: "object" }),
);
