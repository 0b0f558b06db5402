import { type Json, type JsonObject, sameJson } from "../base/json.ts";
import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { RegistrationPayload } from "../bus/payload/registration.ts";
import { isTwinKey } from "../bus/payload/twin.ts";
import { applyContent, setFragment } from "./apply-content.ts";
import type { Arrival, Delivery, Origin } from "./arrival.ts";
import type { Early } from "./early-data.ts";
import { effectiveParent } from "./effective-parent.ts";
import type { EntityRecord } from "./entity-tree.ts";
import type { Refusal } from "./refusal.ts";
import { refuseParent } from "./refuse-parent.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";
import { isLeftOver, noteSeen } from "./settling.ts";
import type { Entity } from "./twin.ts";

/**
 * Lets a registration in, whatever its origin, and then those that waited for it: each child followed by its own descendants
 * (spec/mqtt-api §4.3, §4.4).
 */
export function admitRegistration(state: RegistryState, first: Arrival): RegistryEffect[] {
  const effects: RegistryEffect[] = [];
  const waiting = [first];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const isNew = admit(state, withFreeExternalId(state, next, effects), effects);
    if (isNew) for (const released of state.pending.take(next.id).reverse()) waiting.push(released);
  }
  return effects;
}

/**
 * The reference lets several entities have one external id. Of such a store, only the first keeps it; the others, with all that belongs to
 * them, must not be lost by that.
 */
function withFreeExternalId({ tree }: RegistryState, arrival: Arrival, effects: RegistryEffect[]): Arrival {
  const { id, origin } = arrival;
  const { externalId, ...payload } = arrival.payload;
  const owner = externalId === undefined || origin !== "journal" ? undefined : tree.ownerOf(externalId);
  if (externalId === undefined || owner === undefined || owner === id) return arrival;
  effects.push({ kind: "tell", news: { kind: "external-id-dropped", id, externalId, owner } });
  return { ...arrival, payload };
}

/** A registration that came as a message. */
export function receiveRegistration(state: RegistryState, arrival: Arrival, delivery: Delivery): RegistryEffect[] {
  const seen = noteSeen(state, { id: arrival.id, suffix: "", delivery, isEmpty: false });
  if (delivery === "retained" && isLeftOver(state, arrival.id)) return seen;
  return [...seen, ...admitRegistration(state, arrival)];
}

/** A registration asked over HTTP: nothing waits there, and all has to be sound (spec/http-api §3.4). */
export function requestRegistration(state: RegistryState, arrival: Arrival): RegistryEffect[] {
  const refusal = refuseRequest(state, arrival);
  if (refusal !== undefined) return [refused(arrival, refusal)];
  return admitRegistration(state, arrival);
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
    suspend(state, arrival, refusal.parent, effects);
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

function suspend(state: RegistryState, arrival: Arrival, parent: EntityId, effects: RegistryEffect[]): void {
  const { pending, early, removing, rollback } = state;
  const { id, text, origin } = arrival;
  const isFresh = origin !== "retained" && origin !== "journal";
  if (isFresh && removing.has(id)) {
    // A new life begins before the old one is cleared away: what is retained now belongs to the new one.
    rollback.delete(removing, id);
    effects.push({ kind: "store-cleared", id });
  }
  // The broker retains ours, which is older.
  if (origin === "overtaken") effects.push({ kind: "publish-registration", id, text });
  const isKept = pending.add({ ...arrival, suspendedAt: early.order }, parent);
  if (isKept) effects.push({ kind: "tell", news: { kind: "pending", id, parent } });
  else effects.push(refused(arrival, { kind: "too-many-pending", id, parent }));
}

function enter(state: RegistryState, arrival: Arrival, entity: Entity, effects: RegistryEffect[]): void {
  const { tree, rollback, removing, early, settling } = state;
  const { id, payload, text, origin } = arrival;
  const known = tree.get(id);
  const news = known === undefined ? "registered" : "updated";
  // A second root is known as long as this process runs; cloud mappers take what it sends for the main device's (spec/mqtt-api §2.5).
  const stored = entity.type !== "device" || id === MAIN_DEVICE;
  tree.put({ entity, registered: payload.twin, stored });
  rollback.delete(removing, id);
  if (stored && origin !== "journal") effects.push({ kind: "store", id, text }, ...announce(origin, id, text));
  if (known === undefined || !sameEntity(known.entity, entity)) {
    effects.push({ kind: "changed", change: { kind: news, entity } });
  }
  const held = early.take(id);
  const newer = newerFragments(arrival, held);
  const waits = origin === "retained" && settling.isActive && (known === undefined || !known.stored);
  for (const [key, value] of Object.entries(payload.twin)) {
    if (!isTwinKey(key)) effects.push({ kind: "tell", news: { kind: "key-skipped", id, key } });
    else if (arrival.removedKeys?.has(key) !== true) {
      settling.unconfirmed.get(id)?.delete(key);
      effects.push(...setFragment(state, id, key, value));
      if (!stored || origin === "journal" || newer.has(key)) continue;
      if (waits) awaitLiveValue(state, id, key);
      else effects.push({ kind: "publish-fragment", id, key, value });
    }
  }
  if (origin !== "journal") {
    effects.push({ kind: "tell", news: { kind: news, entity, origin } });
  }
  for (const [key, value] of newer) effects.push(...applyContent(state, id, { kind: "fragment", key, value }));
  if (held?.config !== undefined) effects.push(...applyContent(state, id, held.config));
}

/**
 * Twin data that came before their entity was let in and win over its initial ones: all of them unless the registration is news, then those
 * that came after it, or that it does not mention.
 */
function newerFragments({ payload, origin, suspendedAt }: Arrival, held: Early | undefined): Map<string, Json> {
  const isNews = origin !== "retained" && origin !== "journal" && origin !== "automatic";
  const cameAt = isNews ? (suspendedAt ?? Number.POSITIVE_INFINITY) : 0;
  const newer = new Map<string, Json>();
  for (const [key, { value, order }] of held?.fragments ?? []) {
    if (order > cameAt || !Object.hasOwn(payload.twin, key)) newer.set(key, value);
  }
  return newer;
}

/** The registration goes out as retained where the broker does not have it for sure. */
function announce(origin: Origin, id: EntityId, text: string): RegistryEffect[] {
  switch (origin) {
    case "retained":
    case "journal":
      return [];
    case "live":
    case "again":
      return [{ kind: "ensure-retained", id }];
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
  if (origin === "journal" || !known.stored) return;
  if (!isPart(payload.twin, known.registered)) {
    tree.put({ ...known, registered: payload.twin });
    effects.push({ kind: "store", id, text });
  }
  // The broker retains ours, which is older and may say something else.
  if (origin === "overtaken") effects.push({ kind: "publish-registration", id, text });
}

function isUnchanged({ data }: RegistryState, known: EntityRecord, entity: Entity, twin: JsonObject): boolean {
  if (!sameEntity(known.entity, entity)) return false;
  return Object.entries(twin).every(([key, value]) => !isTwinKey(key) || data.is(entity.id, key, value));
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
