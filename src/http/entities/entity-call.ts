import { type JsonDocument, readDocument } from "../../base/json-document.ts";
import { err, type Result } from "../../base/result.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import type { ChangeCondition, Twin, TwinFault, TwinFaultCode } from "../../twin/twin.ts";
import type { Contract } from "../contract.ts";
import { jsonProblem, type Problem } from "../problem.ts";
import { CONDITION_NOT_MET } from "../reply.ts";

/** A request about what its path names. */
export interface EntityCall<Target> {
  readonly twin: Twin;
  readonly target: Target;
  readonly headers: Headers;
  /** Text; empty with a method that has none. */
  readonly body: string;
}

export type EntityAnswer = Result<Response, Problem>;

/** What one method does there. */
export interface EntityAction<Target> {
  readonly contract: Contract;
  run(call: EntityCall<Target>): EntityAnswer | Promise<EntityAnswer>;
}

/** A body that is JSON; PUT and PATCH tell its flaws as JSON too (spec/http-api §3.1). */
export function readJsonBody({ body }: EntityCall<unknown>): Result<JsonDocument, Problem> {
  const document = readDocument(body);
  return document.ok ? document : err(jsonProblem(400, document.fault.message));
}

/** Lets the twin say that it does not know an entity, whatever the request expects of its state. */
export function unlessUnknown(
  twin: Twin,
  id: EntityId,
  condition: ChangeCondition | undefined,
): ChangeCondition | undefined {
  return condition && (() => twin.get(id) === undefined || condition());
}

/** How the API tells that the twin says no. */
export function twinProblem(fault: TwinFault): Problem {
  return fault.code === "condition-not-met" ? CONDITION_NOT_MET : jsonProblem(STATUS[fault.code], fault.message);
}

const STATUS: Readonly<Record<Exclude<TwinFaultCode, "condition-not-met">, number>> = {
  "already-registered": 409,
  "unknown-entity": 404,
  "unknown-fragment": 404,
  refused: 400,
  "not-stored": 500,
};
