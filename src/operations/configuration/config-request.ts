import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";

/** What is common to all requests about configurations. */
export const TYPED = v.looseObject({ type: v.string() });

/** Reads what a step needs of a command; the fault names the first member that is missing or of another kind (spec/operations §7.6, §7.7). */
export function decodeRequest<T extends v.GenericSchema>(
  schema: T,
  payload: CommandPayload,
): Result<v.InferOutput<T>, Fault<"invalid-request">> {
  const parsed = v.safeParse(schema, payload);
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue) ?? "status";
  const what = key in payload ? `Invalid key: ${key} in payload: ${issue.message}` : `Missing key: ${key} in payload`;
  return err(fault("invalid-request", what));
}
