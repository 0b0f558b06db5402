import { type EntityId, parseEntityId } from "../../bus/entity-id.ts";
import { decodeRequestPath, locateInStore } from "../../files/store/store-path.ts";
import { parseEntityTarget } from "../entities/entity-target.ts";

/** What a request is about, as far as rights go. It is read by the same parsers as the routes use. */
export type RequestTarget =
  /** Path in the file store, clean and relative; empty: the store itself. */
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "entities"; readonly query: string }
  /** What happens to entities, as a stream. */
  | { readonly kind: "events"; readonly query: string }
  | { readonly kind: "entity"; readonly id: EntityId; readonly isWhole: boolean }
  /** A description of the interface, the same for everybody. */
  | { readonly kind: "description" }
  | { readonly kind: "other" };

const ENTITIES = "/te/v1/entities";
const FILES = ["/te/v1/files/", "/tedge/file-transfer/"];
const EVENTS = "/te/v1/events";
const DESCRIPTIONS = ["/te/v1/openapi.json", "/te/v1/asyncapi.json"];

/** `path` and `query` are as they came; `storeRoot` is the absolute path of the file store. */
export function parseRequestTarget(path: string, query: string, storeRoot: string): RequestTarget {
  if (path === ENTITIES) return { kind: "entities", query };
  if (path.startsWith(`${ENTITIES}/`)) return entityTarget(path.slice(ENTITIES.length + 1));
  if (path === EVENTS) return { kind: "events", query };
  if (DESCRIPTIONS.includes(path)) return { kind: "description" };
  const prefix = FILES.find((each) => path.startsWith(each));
  return prefix === undefined ? OTHER : fileTarget(path.slice(prefix.length), storeRoot);
}

const OTHER: RequestTarget = { kind: "other" };

function entityTarget(raw: string): RequestTarget {
  const path = decodeRequestPath(raw);
  if (!path.ok) return OTHER;
  const target = parseEntityTarget(path.value);
  if (target.ok) return { kind: "entity", id: target.value.id, isWhole: target.value.kind === "entity" };
  return streamTarget(path.value.split("/"));
}

/** `<id>/events`: what happens to an entity. */
function streamTarget(segments: readonly string[]): RequestTarget {
  if (segments.length !== 5 || segments[4] !== "events") return OTHER;
  const id = parseEntityId(segments.slice(0, 4).join("/"));
  return id.ok ? { kind: "entity", id: id.value, isWhole: false } : OTHER;
}

function fileTarget(raw: string, storeRoot: string): RequestTarget {
  const path = decodeRequestPath(raw);
  const located = path.ok ? locateInStore(storeRoot, path.value) : undefined;
  if (located === undefined) return OTHER;
  return { kind: "file", path: located.slice(storeRoot === "/" ? 1 : storeRoot.length + 1) };
}
