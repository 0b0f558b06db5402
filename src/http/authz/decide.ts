import { exhaustive } from "../../base/exhaustive.ts";
import { readDocument } from "../../base/json-document.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import { readPatch, readRegistration } from "../entities/entity-body.ts";
import { readEntityQuery } from "../entities/entity-query.ts";
import { parseEventQuery } from "../events/event-query.ts";
import type { Family } from "./family.ts";
import type { Identity } from "./identity.ts";
import { folderOwner } from "./own-folder.ts";
import type { RequestTarget } from "./request-target.ts";
import { belongsTo, isOwnTopic } from "./scope.ts";

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export interface AskedFor {
  readonly method: string;
  readonly target: RequestTarget;
  /** Text of the body where `needsBody` says so. */
  readonly body?: string;
}

/** Whether what a request is about stands in its body too: whom it registers, and below whom it puts an entity. */
export function needsBody(method: string, target: RequestTarget): boolean {
  return (target.kind === "entities" && method === "POST") || (isWholeEntity(target) && method === "PATCH");
}

/**
 * Whether somebody may do what a request asks for; the reason is fit for a client. An entity may read and write what belongs to it
 * (`scope.ts`): entities, twin data, configuration, what happens to them, files below its folders (`own-folder.ts`). It registers itself
 * and what is below its own topic, but nobody else, since whoever registers a device first would have its rights. Whatever is not known
 * here is refused. A query or a body that cannot be read is let through: the route, which reads it by the same parser, says why and does nothing.
 */
export function decide(identity: Identity, { method, target, body = "" }: AskedFor, family: Family): Verdict {
  if (identity.kind === "gateway") return ALLOWED;
  const isRead = method === "GET" || method === "HEAD";
  switch (target.kind) {
    case "file":
      return decideFile(identity, isRead, target.path, family);
    case "entities":
      if (isRead) return decideList(identity.id, target.query, family);
      return method === "POST" ? decideRegistration(identity.id, body, family) : refused(identity.id, NO_SUCH);
    case "entity":
      if (!belongsTo(identity.id, target.id, family)) return refused(identity.id, `${target.id} does not belong to it`);
      return method === "PATCH" && target.isWhole ? decidePatch(identity.id, body, family) : ALLOWED;
    case "events":
      return isRead ? decideEvents(identity.id, target.query, family) : refused(identity.id, NO_SUCH);
    case "description":
      return isRead ? ALLOWED : refused(identity.id, NO_SUCH);
    case "other":
      return refused(identity.id, NO_SUCH);
    default:
      return exhaustive(target);
  }
}

const ALLOWED: Verdict = { allowed: true };
const NO_SUCH = "this is for the gateway only";

function refused(holder: EntityId, why: string): Verdict {
  return { allowed: false, reason: `The token of ${holder} does not allow this: ${why}` };
}

function decideFile(
  { id, reads }: Identity & { kind: "entity" },
  isRead: boolean,
  path: string,
  family: Family,
): Verdict {
  if (isRead && reads.some((readable) => path === readable || path.startsWith(`${readable}/`))) return ALLOWED;
  const [folder = "", ...inside] = path.split("/");
  const owner = inside.length === 0 ? undefined : folderOwner(folder, id, family);
  if (owner !== undefined && belongsTo(id, owner, family)) return ALLOWED;
  return refused(id, "the file is in no folder of its own");
}

function decideList(holder: EntityId, query: string, family: Family): Verdict {
  const parsed = readEntityQuery(query);
  return parsed.ok ? decideRoot(holder, parsed.value.root ?? parsed.value.parent, family) : ALLOWED;
}

function decideEvents(holder: EntityId, query: string, family: Family): Verdict {
  const parsed = parseEventQuery(query);
  return parsed.ok ? decideRoot(holder, parsed.value.root, family) : ALLOWED;
}

/** Nothing is left out of what it may see, so that no part looks like the whole. */
function decideRoot(holder: EntityId, root: EntityId | undefined, family: Family): Verdict {
  if (root === undefined) return refused(holder, `all entities are for the gateway only, ask for ?root=${holder}`);
  return belongsTo(holder, root, family) ? ALLOWED : refused(holder, `${root} does not belong to it`);
}

/** Where it is put in the tree is up to itself: it gives others rights, never itself. */
function decideRegistration(holder: EntityId, body: string, family: Family): Verdict {
  const document = readDocument(body);
  const registration = document.ok ? readRegistration(document.value) : undefined;
  if (registration?.ok !== true) return ALLOWED;
  const { id, parent, health } = registration.value;
  if (!isOwnTopic(holder, id)) return refused(holder, `${id} has to be registered by itself or by the gateway`);
  return decidePlace(holder, id === holder ? undefined : parent, health, family);
}

function decidePatch(holder: EntityId, body: string, family: Family): Verdict {
  const document = readDocument(body);
  const patch = document.ok ? readPatch(document.value) : undefined;
  if (patch?.ok !== true) return ALLOWED;
  return decidePlace(holder, patch.value.parent, patch.value.health, family);
}

function decidePlace(
  holder: EntityId,
  parent: EntityId | undefined,
  health: EntityId | undefined,
  family: Family,
): Verdict {
  const foreign = [parent, health].find((id) => id !== undefined && !belongsTo(holder, id, family));
  return foreign === undefined ? ALLOWED : refused(holder, `${foreign} does not belong to it`);
}

function isWholeEntity(target: RequestTarget): boolean {
  return target.kind === "entity" && target.isWhole;
}
