import { exhaustive } from "../../base/exhaustive.ts";
import { isJsonObject, type Json, stringifyJson, stringifySorted } from "../../base/json.ts";
import { type JsonDocument, readDocument } from "../../base/json-document.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Twin, TwinFault, TwinFaultCode } from "../../twin/twin.ts";
import { emptyResponse, jsonProblem, jsonResponse, type Problem, textProblem } from "../problem.ts";
import { entityList, entityObject, parsePatch, parseRegistration } from "./entity-body.ts";
import { parseEntityQuery } from "./entity-query.ts";
import type { EntityTarget } from "./entity-target.ts";

type Answer = Result<Response, Problem>;

/** GET of the collection (spec/http-api §3.3). */
export function listEntities(twin: Twin, query: string): Answer {
  const parsed = parseEntityQuery(query);
  return parsed.ok ? ok(jsonResponse(200, entityList(twin.list(parsed.value)))) : parsed;
}

/** POST (spec/http-api §3.4); what is wrong with the body is told as the reference's framework does. */
export async function registerEntity(twin: Twin, contentType: string | undefined, body: string): Promise<Answer> {
  if (!isJsonType(contentType)) return err(textProblem(415, "Expected request with `Content-Type: application/json`"));
  const document = readDocument(body);
  if (!document.ok) {
    return err(textProblem(400, `Failed to parse the request body as JSON: ${document.fault.message}`));
  }
  const registration = parseRegistration(document.value);
  if (!registration.ok) {
    return err(textProblem(422, `Failed to deserialize the JSON body into the target type: ${registration.fault}`));
  }
  const registered = await twin.register(registration.value);
  return registered.ok
    ? ok(jsonResponse(201, stringifyJson({ "@topic-id": registered.value.id })))
    : err(twinProblem(registered.fault));
}

export async function getTarget(twin: Twin, target: EntityTarget): Promise<Answer> {
  switch (target.kind) {
    case "entity": {
      const entity = twin.get(target.id);
      if (entity === undefined) return err(jsonProblem(404, `Entity with topic id: ${target.id} not found`));
      return ok(jsonResponse(200, stringifyJson(entityObject(entity))));
    }
    case "twin":
      return json(twin.fragments(target.id));
    case "fragment":
      return json(twin.fragment(target.id, target.key));
    case "config":
      return json(twin.exposedConfig(target.id));
    case "setting": {
      const config = twin.exposedConfig(target.id);
      if (!config.ok) return err(twinProblem(config.fault));
      const value = Object.hasOwn(config.value, target.key) ? config.value[target.key] : undefined;
      if (value !== undefined) return json(ok(value));
      return err(jsonProblem(404, `Configuration value for entity: ${target.id} with key: ${target.key} not found`));
    }
    default:
      return exhaustive(target);
  }
}

export async function putTarget(twin: Twin, target: EntityTarget, body: string): Promise<Answer> {
  if (target.kind !== "twin" && target.kind !== "fragment") return err(METHOD_NOT_ALLOWED);
  const document = parsed(body);
  if (!document.ok) return document;
  const { value, complaint } = document.value;
  if (target.kind === "fragment") return json(await twin.setFragment(target.id, target.key, value));
  if (!isJsonObject(value)) return err(jsonProblem(400, complaint.invalidType(value, "a map")));
  return json(await twin.replaceFragments(target.id, value));
}

/** PATCH. */
export async function changeTarget(twin: Twin, target: EntityTarget, body: string): Promise<Answer> {
  if (target.kind !== "entity") return err(METHOD_NOT_ALLOWED);
  const document = parsed(body);
  if (!document.ok) return document;
  const patch = parsePatch(document.value);
  if (!patch.ok) return err(jsonProblem(400, patch.fault));
  const updated = await twin.update(target.id, patch.value);
  return updated.ok
    ? ok(jsonResponse(200, stringifyJson(entityObject(updated.value))))
    : err(twinProblem(updated.fault));
}

/** DELETE. */
export async function removeTarget(twin: Twin, target: EntityTarget): Promise<Answer> {
  switch (target.kind) {
    case "entity": {
      const removed = await twin.remove(target.id);
      if (!removed.ok) return err(twinProblem(removed.fault));
      return ok(removed.value.length === 0 ? emptyResponse(204) : jsonResponse(200, entityList(removed.value)));
    }
    case "twin":
      return gone(await twin.removeFragments(target.id));
    case "fragment":
      return gone(await twin.removeFragment(target.id, target.key));
    case "config":
    case "setting":
      return err(METHOD_NOT_ALLOWED);
    default:
      return exhaustive(target);
  }
}

const METHOD_NOT_ALLOWED = jsonProblem(405, "Method Not Allowed");

const TWIN_STATUS: Readonly<Record<TwinFaultCode, number>> = {
  "already-registered": 409,
  "unknown-entity": 404,
  "unknown-fragment": 404,
  refused: 400,
  "condition-not-met": 412,
  "not-stored": 500,
};

function twinProblem(fault: TwinFault): Problem {
  return jsonProblem(TWIN_STATUS[fault.code], fault.message);
}

function parsed(body: string): Result<JsonDocument, Problem> {
  const document = readDocument(body);
  return document.ok ? document : err(jsonProblem(400, document.fault.message));
}

function json(result: Result<Json, TwinFault>): Answer {
  return result.ok ? ok(jsonResponse(200, stringifySorted(result.value))) : err(twinProblem(result.fault));
}

function gone(result: Result<undefined, TwinFault>): Answer {
  return result.ok ? ok(emptyResponse(204)) : err(twinProblem(result.fault));
}

/** `application/json` or `application/…+json`, with or without parameters. */
function isJsonType(contentType: string | undefined): boolean {
  return /^\s*application\/(?:[^\s;+]+\+)*json\s*(?:;|$)/i.test(contentType ?? "");
}
