import { type JsonObject, sameJson } from "../base/json.ts";
import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { RegistrationPayload } from "../bus/payload/registration.ts";
import { isTwinKey } from "../bus/payload/twin.ts";
import { applyContent } from "./apply-content.ts";
import type { Arrival, Origin } from "./arrival.ts";
import { effectiveParent } from "./effective-parent.ts";
import type { EntityRecord } from "./entity-tree.ts";
import type { Refusal } from "./refusal.ts";
import { refuseParent } from "./refuse-parent.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";
import { isLeftOver, sawRetained } from "./settling.ts";
import type { Entity } from "./twin.ts";

/**
 * Lets a registration in, whatever its origin, and then those that waited for it: each child followed by its own descendants
 * (spec/mqtt-api §4.3, §4.4).
 */
export function admitRegistration(state: RegistryState, first: Arrival): RegistryEffect[] {
  const effects: RegistryEffect[] = [];
  const waiting = [first];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const isNew = admit(state, next, effects);
    if (isNew) for (const released of state.pending.take(next.id).reverse()) waiting.push(released);
  }
  return effects;
}

/** A registration that came as a message. */
export function receiveRegistration(state: RegistryState, arrival: Arrival): RegistryEffect[] {
  if (arrival.origin !== "retained") return admitRegistration(state, arrival);
  const seen = sawRetained(state, arrival.id, "");
  return isLeftOver(state, arrival.id) ? [seen] : [seen, ...admitRegistration(state, arrival)];
}

/** A registration asked over HTTP: nothing waits there, and all has to be sound (spec/http-api §3.4). */
export function requestRegistration(state: RegistryState, arrival: Arrival): RegistryEffect[] {
  const refusal = refuseRequest(state, arrival);
  return refusal === undefined ? admitRegistration(state, arrival) : [refused(arrival, refusal)];
}

function refuseRequest({ tree }: RegistryState, { id, payload }: Arrival): Refusal | undefined {
  if (tree.has(id)) return { kind: "already-registered", id };
  if (payload.type === "device") return { kind: "second-main-device", id };
  const badKey = Object.keys(payload.twin).find((key) => !isTwinKey(key));
  if (badKey !== undefined) return { kind: "twin-key", key: badKey };
  const health = payload.health === undefined ? undefined : tree.get(payload.health)?.entity;
  if (health === undefined || health.type === "service") return undefined;
  return { kind: "health-is-no-service", id, health: health.id };
}

/** True when the entity is new in the tree. */
function admit(state: RegistryState, arrival: Arrival, effects: RegistryEffect[]): boolean {
  const { tree, pending } = state;
  const { id, payload, origin } = arrival;
  const known = tree.get(id);
  if (isRepetition(arrival, known)) return false;
  const parent = effectiveParent(id, payload);
  const refusal = refuseIdentity(state, arrival) ?? (parent === undefined ? undefined : refuseParent(tree, id, parent));
  if (refusal?.kind === "unknown-parent" && origin !== "api") {
    effects.push(suspend(state, arrival, refusal.parent));
    return false;
  }
  if (refusal !== undefined) {
    effects.push(refused(arrival, refusal));
    return false;
  }
  pending.discard(id);
  const entity = entityOf(arrival, parent);
  if (known !== undefined && isUnchanged(state, known, entity, payload.twin)) {
    noteKnownKeys(state, arrival, known, effects);
    return false;
  }
  enter(state, arrival, entity, effects);
  return known === undefined;
}

/** A registration that was let in before and is delivered once more says nothing new, whatever became of the twin data since (§12). */
function isRepetition({ id, payload, origin }: Arrival, known: EntityRecord | undefined): boolean {
  if (origin !== "retained" && origin !== "again") return false;
  if (known === undefined || !known.stored) return false;
  return (
    sameEntity(known.entity, entityOf({ id, payload }, effectiveParent(id, payload))) &&
    isPart(payload.twin, known.registered)
  );
}

/** Type and given external id stay for the life of an entity, and an external id has one owner (spec/mqtt-api §19.10). */
function refuseIdentity({ tree }: RegistryState, { id, payload }: Arrival): Refusal | undefined {
  const known = tree.get(id)?.entity;
  const { parent, externalId } = payload;
  if (id === MAIN_DEVICE && parent !== undefined) {
    return parent === id ? { kind: "own-parent", id } : { kind: "main-parent" };
  }
  if (known !== undefined && known.type !== payload.type) return { kind: "type-changed", id };
  if (externalId === undefined) return undefined;
  if (known?.externalId !== undefined && known.externalId !== externalId) return { kind: "external-id-changed", id };
  const owner = tree.ownerOf(externalId);
  return owner === undefined || owner === id ? undefined : { kind: "external-id-taken", id, externalId, owner };
}

function suspend({ pending, early }: RegistryState, arrival: Arrival, parent: EntityId): RegistryEffect {
  const { id, payload, origin } = arrival;
  if (origin !== "retained" && origin !== "journal") early.supersede(id, Object.keys(payload.twin));
  if (!pending.add(arrival, parent)) return refused(arrival, { kind: "too-many-pending", id, parent });
  return { kind: "tell", news: { kind: "pending", id, parent } };
}

function enter(state: RegistryState, arrival: Arrival, entity: Entity, effects: RegistryEffect[]): void {
  const { tree, data, rollback, removing, early, settling } = state;
  const { id, payload, text, origin } = arrival;
  const known = tree.get(id);
  // A second root is known as long as this process runs; cloud mappers take what it sends for the main device's (spec/mqtt-api §2.5).
  const stored = entity.type !== "device" || id === MAIN_DEVICE;
  tree.put({ entity, registered: payload.twin, stored });
  rollback.delete(removing, id);
  if (stored && origin !== "journal") effects.push({ kind: "store", id, text }, ...announce(origin, id, text));
  const held = early.take(id);
  const waits = origin === "retained" && settling.isActive && (known === undefined || !known.stored);
  for (const [key, value] of Object.entries(payload.twin)) {
    if (!isTwinKey(key)) effects.push({ kind: "tell", news: { kind: "key-skipped", id, key } });
    else if (arrival.removedKeys?.has(key) !== true) {
      settling.unconfirmed.get(id)?.delete(key);
      data.set(id, key, value);
      if (!stored || origin === "journal" || held?.fragments.has(key) === true) continue;
      if (waits) awaitLiveValue(state, id, key);
      else effects.push({ kind: "publish-fragment", id, key, value });
    }
  }
  if (origin !== "journal") {
    effects.push({ kind: "tell", news: { kind: known === undefined ? "registered" : "updated", entity, origin } });
  }
  for (const [key, value] of held?.fragments ?? []) {
    effects.push(...applyContent(state, id, { kind: "fragment", key, value }));
  }
  if (held?.config !== undefined) effects.push(...applyContent(state, id, held.config));
}

/** The registration goes out as retained where the broker does not have it for sure. */
function announce(origin: Origin, id: EntityId, text: string): RegistryEffect[] {
  switch (origin) {
    case "retained":
    case "journal":
      return [];
    case "live":
    case "again":
      return [{ kind: "ensure-retained", id, text }];
    default:
      return [{ kind: "publish-registration", id, text }];
  }
}

/** A live value on the broker wins over the initial value of a registration that the broker retained beside it (spec/mqtt-api §12, gap). */
function awaitLiveValue({ settling }: RegistryState, id: EntityId, key: string): void {
  const keys = settling.unconfirmed.get(id) ?? new Set();
  settling.unconfirmed.set(id, keys.add(key));
}

/** Nothing changed, but the message has keys that the stored one has not: without them it would count as new after a restart. */
function noteKnownKeys(
  { tree }: RegistryState,
  { id, payload, text, origin }: Arrival,
  known: EntityRecord,
  effects: RegistryEffect[],
): void {
  if (origin === "journal" || !known.stored || isPart(payload.twin, known.registered)) return;
  tree.put({ ...known, registered: payload.twin });
  effects.push({ kind: "store", id, text });
}

function isUnchanged({ data }: RegistryState, known: EntityRecord, entity: Entity, twin: JsonObject): boolean {
  if (!sameEntity(known.entity, entity)) return false;
  return Object.entries(twin).every(
    ([key, value]) => !isTwinKey(key) || sameJson(data.fragment(entity.id, key) ?? null, value),
  );
}

function entityOf({ id, payload }: Pick<Arrival, "id" | "payload">, parent: EntityId | undefined): Entity {
  const { type, externalId, health }: RegistrationPayload = payload;
  return {
    id,
    type,
    ...(parent === undefined ? {} : { parent }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(health === undefined ? {} : { health }),
  };
}

function sameEntity(left: Entity, right: Entity): boolean {
  return (
    left.type === right.type &&
    left.parent === right.parent &&
    left.externalId === right.externalId &&
    left.health === right.health
  );
}

function isPart(part: JsonObject, whole: JsonObject): boolean {
  return Object.entries(part).every(([key, value]) => {
    const other = Object.hasOwn(whole, key) ? whole[key] : undefined;
    return other !== undefined && sameJson(other, value);
  });
}

function refused({ id, origin }: Arrival, refusal: Refusal): RegistryEffect {
  return { kind: "tell", news: { kind: "refused", id, refusal, origin } };
}
