import type * as v from "valibot";
import { type Json, stringifyJson, stringifySorted } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Contract, JsonContent } from "./contract.ts";
import { entityTag } from "./entity-tag.ts";
import { judgePreconditions, readPreconditions } from "./preconditions.ts";
import { emptyResponse, jsonProblem, jsonResponse, type Problem } from "./problem.ts";

/** What an answer of a status holds, according to the contract. */
export type JsonAnswer<C extends Contract, Status extends keyof C["answers"]> = C["answers"][Status] extends {
  readonly content: readonly [JsonContent<infer S>];
}
  ? v.InferInput<S> & Json
  : never;

export type ReplyHeaders = Readonly<Record<string, string>>;

/** Answers JSON, as the contract has it. */
export function reply<C extends Contract, Status extends keyof C["answers"] & number>(
  contract: C,
  status: Status,
  value: JsonAnswer<C, Status>,
  headers?: ReplyHeaders,
): Response {
  return jsonResponse(status, jsonText(contract, status, value), headers);
}

/** Answers a change with the state that it led to, and its tag for the next one. */
export function replyChanged<C extends Contract>(contract: C, value: JsonAnswer<C, 200>): Response {
  const text = jsonText(contract, 200, value);
  return jsonResponse(200, text, { etag: entityTag(text) });
}

/** Answers a reading request with the state and its tag, or that the client has it already (RFC 9110 §13.2.2). */
export function replyState<C extends Contract>(
  contract: C,
  request: Headers,
  value: JsonAnswer<C, 200>,
): Result<Response, Problem> {
  const text = jsonText(contract, 200, value);
  return answerState(request, { text, etag: entityTag(text) });
}

/** The same for JSON text whose tag is known. */
export function answerState(
  request: Headers,
  { text, etag }: { readonly text: string; readonly etag: string },
): Result<Response, Problem> {
  const preconditions = readPreconditions(request);
  switch (preconditions === undefined ? "go-on" : judgePreconditions(preconditions, etag)) {
    case "go-on":
      return ok(jsonResponse(200, text, { etag }));
    case "known":
      return ok(emptyResponse(304, { etag }));
    case "failed":
      return err(CONDITION_NOT_MET);
  }
}

/**
 * Whether a change may be done to what is there, shown by the contract of the request that reads it; `undefined` stands for nothing.
 * `undefined` when the request depends on nothing.
 */
export function changeCondition<C extends Contract>(
  request: Headers,
  contract: C,
  current: () => JsonAnswer<C, 200> | undefined,
): (() => boolean) | undefined {
  const preconditions = readPreconditions(request);
  if (preconditions === undefined) return undefined;
  return () => {
    const value = current();
    const tag = value === undefined ? undefined : entityTag(jsonText(contract, 200, value));
    return judgePreconditions(preconditions, tag) === "go-on";
  };
}

export const CONDITION_NOT_MET = jsonProblem(
  412,
  "Precondition failed: the state is not what If-Match or If-None-Match asks for",
);

function jsonText(contract: Contract, status: number, value: Json): string {
  return contract.answers[status]?.content?.[0]?.isSorted === true ? stringifySorted(value) : stringifyJson(value);
}
