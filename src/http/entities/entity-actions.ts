import { readDocument } from "../../base/json-document.ts";
import { err, ok } from "../../base/result.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import type { Twin } from "../../twin/twin.ts";
import { NOT_UTF8, readBodyText } from "../body-text.ts";
import { emptyResponse, jsonProblem, type Problem, textProblem } from "../problem.ts";
import { changeCondition, reply, replyChanged, replyState } from "../reply.ts";
import { readPatch, readRegistration } from "./entity-body.ts";
import {
  type EntityAction,
  type EntityAnswer,
  type EntityCall,
  readJsonBody,
  twinProblem,
  unlessUnknown,
} from "./entity-call.ts";
import {
  CHANGE_ENTITY,
  ENTITIES_PATH,
  GET_ENTITY,
  LIST_ENTITIES,
  REGISTER_ENTITY,
  REMOVE_ENTITY,
} from "./entity-contracts.ts";
import { entityObject } from "./entity-object.ts";
import { readEntityQuery } from "./entity-query.ts";

/** GET of the collection (spec/http-api §3.3). */
export function listEntities(twin: Twin, query: string, request: Headers): EntityAnswer {
  const read = readEntityQuery(query);
  return read.ok ? replyState(LIST_ENTITIES, request, twin.list(read.value).map(entityObject)) : read;
}

/** POST (spec/http-api §3.4); what is wrong with the request is told as the reference's framework does, content type first. */
export async function registerEntity(twin: Twin, request: Request): Promise<EntityAnswer> {
  if (!isJsonType(request.headers.get("content-type"))) return err(NO_JSON_TYPE);
  const body = await readBodyText(request);
  if (!body.ok) return body.fault === NOT_UTF8 ? err(notJson("invalid unicode code point")) : body;
  const document = readDocument(body.value);
  if (!document.ok) return err(notJson(document.fault.message));
  const registration = readRegistration(document.value);
  if (!registration.ok) {
    return err(textProblem(422, `Failed to deserialize the JSON body into the target type: ${registration.fault}`));
  }
  const registered = await twin.register(registration.value);
  if (!registered.ok) return err(twinProblem(registered.fault));
  const { id } = registered.value;
  return ok(reply(REGISTER_ENTITY, 201, { "@topic-id": id }, { location: entityUrl(id) }));
}

const NO_JSON_TYPE = textProblem(415, "Expected request with `Content-Type: application/json`");

function notJson(reason: string): Problem {
  return textProblem(400, `Failed to parse the request body as JSON: ${reason}`);
}

interface EntityTarget {
  readonly id: EntityId;
}

/** What can be done with an entity (spec/http-api §§3.4, 3.5). */
export const ENTITY_ACTIONS = {
  GET: {
    contract: GET_ENTITY,
    run({ twin, target: { id }, headers }) {
      const entity = twin.get(id);
      if (entity === undefined) return err(jsonProblem(404, `Entity with topic id: ${id} not found`));
      return replyState(GET_ENTITY, headers, entityObject(entity));
    },
  },
  PATCH: {
    contract: CHANGE_ENTITY,
    async run(call) {
      const { twin, target, headers } = call;
      const document = readJsonBody(call);
      if (!document.ok) return document;
      const patch = readPatch(document.value);
      if (!patch.ok) return err(jsonProblem(400, patch.fault));
      const condition = changeCondition(headers, GET_ENTITY, () => shown(call));
      const updated = await twin.update(target.id, patch.value, unlessUnknown(twin, target.id, condition));
      return updated.ok
        ? ok(replyChanged(CHANGE_ENTITY, entityObject(updated.value)))
        : err(twinProblem(updated.fault));
    },
  },
  DELETE: {
    contract: REMOVE_ENTITY,
    async run(call) {
      const { twin, target, headers } = call;
      const removed = await twin.remove(
        target.id,
        changeCondition(headers, GET_ENTITY, () => shown(call)),
      );
      if (!removed.ok) return err(twinProblem(removed.fault));
      if (removed.value.length === 0) return ok(emptyResponse(204));
      return ok(reply(REMOVE_ENTITY, 200, removed.value.map(entityObject)));
    },
  },
} as const satisfies Record<string, EntityAction<EntityTarget>>;

function shown({ twin, target }: EntityCall<EntityTarget>) {
  const entity = twin.get(target.id);
  return entity === undefined ? undefined : entityObject(entity);
}

function entityUrl(id: EntityId): string {
  return `${ENTITIES_PATH}/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** `application/json` or `application/…+json`, with or without parameters. */
function isJsonType(contentType: string | null): boolean {
  return /^\s*application\/(?:[^\s;+]+\+)*json\s*(?:;|$)/i.test(contentType ?? "");
}
