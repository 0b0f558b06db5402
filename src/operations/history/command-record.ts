import * as v from "valibot";
import { parseJson } from "../../base/json.ts";
import { JSON_OBJECT_SCHEMA } from "../../bus/payload/json-value.ts";

const MILLISECONDS = v.pipe(v.number(), v.description("Milliseconds since the Unix epoch"));

const STATE_SCHEMA = v.object({
  status: v.string(),
  since: MILLISECONDS,
  spent: v.optional(v.pipe(v.number(), v.description("Milliseconds; absent for the state that it is in"))),
});

/** One command as it was seen on the bus, running or at its end. */
export const COMMAND_RECORD_SCHEMA = v.object({
  topic: v.string(),
  device: v.pipe(v.string(), v.description("Topic id of the entity that executes it")),
  operation: v.string(),
  id: v.string(),
  status: v.pipe(v.string(), v.description("The last state; `cleared` when it was taken back before its end")),
  reason: v.optional(v.string()),
  ended: v.optional(v.pipe(v.number(), v.description("Milliseconds since the Unix epoch; absent while it goes on"))),
  states: v.pipe(v.array(STATE_SCHEMA), v.description("Every state that was seen, in order")),
  payload: v.pipe(JSON_OBJECT_SCHEMA, v.description("The last state, without secrets and queries of URLs, shortened")),
});

export type CommandRecord = v.InferOutput<typeof COMMAND_RECORD_SCHEMA>;

/** `undefined` for a line that is none, such as one torn by a loss of power. */
export function parseRecordLine(line: string): CommandRecord | undefined {
  const json = parseJson(line);
  const record = v.safeParse(COMMAND_RECORD_SCHEMA, json.ok ? json.value : undefined);
  return record.success ? record.output : undefined;
}
