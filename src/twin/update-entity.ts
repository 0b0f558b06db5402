import type { JsonObject } from "../base/json.ts";
import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import { formatRegistration } from "../bus/payload/registration.ts";
import type { Refusal } from "./refusal.ts";
import { refuseParent } from "./refuse-parent.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";
import type { Entity, EntityPatch } from "./twin.ts";

/**
 * Another parent or health endpoint, asked over HTTP: everything is checked before anything is applied. The message that goes out has
 * no twin data, the journal keeps them (spec/http-api §3.4, spec/mqtt-api §4.6).
 */
export function updateEntity(state: RegistryState, id: EntityId, patch: EntityPatch): RegistryEffect[] {
  const { tree } = state;
  const refusal = refusePatch(state, id, patch);
  if (refusal !== undefined) return [{ kind: "tell", news: { kind: "refused", id, refusal, origin: "api" } }];
  const record = tree.get(id);
  if (record === undefined) return [];
  const entity: Entity = {
    ...record.entity,
    ...(patch.parent === undefined ? {} : { parent: patch.parent }),
    ...(patch.health === undefined ? {} : { health: patch.health }),
  };
  const publish: RegistryEffect = {
    kind: "publish-registration",
    id,
    text: formatRegistration({ ...entity, twin: {} }),
  };
  if (entity.parent === record.entity.parent && entity.health === record.entity.health) return [publish];
  const registered = presentPart(state, id, record.registered);
  const stored = record.stored || id === MAIN_DEVICE;
  tree.put({ entity, registered, stored });
  state.pending.discard(id);
  return [
    ...(stored ? [{ kind: "store", id, text: formatRegistration({ ...entity, twin: registered }) } as const] : []),
    publish,
    { kind: "changed", change: { kind: "updated", entity } },
    { kind: "tell", news: { kind: "updated", entity, origin: "api" } },
  ];
}

function refusePatch({ tree }: RegistryState, id: EntityId, { parent, health }: EntityPatch): Refusal | undefined {
  const badParent = parent === undefined ? undefined : refuseParent(tree, id, parent);
  if (badParent !== undefined) return badParent;
  if (!tree.has(id)) return { kind: "unknown-entity", id };
  if (health === undefined) return undefined;
  const endpoint = tree.get(health);
  if (endpoint === undefined) return { kind: "unknown-health", health };
  return endpoint.entity.type === "service" ? undefined : { kind: "health-is-no-service", id, health };
}

/** The initial twin data whose fragments were not taken away since. */
export function presentPart({ data }: RegistryState, id: EntityId, registered: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(registered).filter(([key]) => data.has(id, key)));
}
