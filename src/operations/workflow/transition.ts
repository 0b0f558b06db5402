import type { Json, JsonObject } from "../../base/json.ts";
import type { Handler } from "./definition.ts";

/** What a step came to: the next status, and the members that replace or join those of the payload. `status` in `update` does not count. */
export interface Transition {
  readonly status: string;
  readonly update: JsonObject;
}

/** Follows a handler; a reason in `update` wins over the handler's. */
export function follow(handler: Handler, update: JsonObject = {}): Transition {
  const { status, reason } = handler;
  return { status, update: reason === undefined || Object.hasOwn(update, "reason") ? update : { ...update, reason } };
}

/** Follows the handler of a failure; its own reason wins over the generated one (spec/operations §15). */
export function followFailure(handler: Handler, generated: string): Transition {
  return { status: handler.status, update: { reason: handler.reason ?? generated } };
}

export function failWith(reason: string): Transition {
  return { status: "failed", update: { reason } };
}

/** The reason that a payload gives, if it is a text. */
export function reasonOf(payload: Json | undefined): string | undefined {
  const reason = typeof payload === "object" && payload !== null && "reason" in payload ? payload.reason : undefined;
  return typeof reason === "string" ? reason : undefined;
}
