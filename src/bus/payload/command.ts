import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifySorted } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** The state of a command: `status` names it, every other member belongs to the operation and is kept (spec/mqtt-api §10.2). */
export type CommandPayload = JsonObject & { readonly status: string };

/** The status of a request that nobody has taken yet. */
export const INIT = "init";
export const SUCCESSFUL = "successful";
export const FAILED = "failed";

/**
 * The payload of `<E>/cmd/<operation>/<id>` when it is not empty, which clears the command. Only asked and never used to copy,
 * so that the spelling of numbers and every key stay as received.
 */
export const COMMAND_SCHEMA = v.pipe(
  v.looseObject({
    status: v.pipe(
      v.string(),
      v.description("init, scheduled, executing, successful, failed, or a step of a workflow"),
    ),
  }),
  v.examples([{ status: "init" }, { status: "failed", reason: "No such package" }]),
);

/** Reads the text of a command topic; an empty text is a cleared command and none of this. Code `invalid-command`. */
export function parseCommandPayload(text: string): Result<CommandPayload, Fault<"invalid-command">> {
  const json = parseJson(text);
  if (!json.ok) return err(fault("invalid-command", "A command state must be a JSON object", { cause: json.fault }));
  if (isCommandPayload(json.value)) return ok(json.value);
  return err(fault("invalid-command", "A command state must be a JSON object with a text `status`"));
}

/** Compact JSON with sorted keys: the form that scripts and subscribers are used to (spec/operations §1). */
export function formatCommandPayload(payload: CommandPayload): string {
  return stringifySorted(payload);
}

/** A command that has come to its end; the requester may clear it (spec/operations §2). */
export function isFinal(payload: CommandPayload): boolean {
  return payload.status === SUCCESSFUL || payload.status === FAILED;
}

function isCommandPayload(value: Json): value is CommandPayload {
  return isJsonObject(value) && v.is(COMMAND_SCHEMA, value);
}
