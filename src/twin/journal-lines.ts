import { exhaustive } from "../base/exhaustive.ts";
import { type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import { formatRegistration } from "../bus/payload/registration.ts";
import { isTwinKey } from "../bus/payload/twin.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { JournalLine } from "./journal-line.ts";
import { parentsFirst } from "./reconcile.ts";
import type { StoreEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/** The journal line that says what has to be stored. */
export function journalLine(schema: TopicSchema, effect: StoreEffect): JournalLine {
  if (effect.kind === "store-owed") return { ...announcedLine(schema), retain: true };
  const topic = schema.topic(effect.id, { kind: "registration" });
  switch (effect.kind) {
    case "store":
      return { topic, payload: effect.text, retain: true };
    case "store-removed":
      return { topic, payload: "", retain: true };
    case "store-cleared":
      return { topic, payload: "", retain: false };
    case "store-fragment-removed":
      return { topic: schema.topic(effect.id, { kind: "twin", key: effect.key }), payload: "", retain: true };
    default:
      return exhaustive(effect);
  }
}

/**
 * The line that says that the messages of all registrations before it have reached the broker: at a start, only those behind the last one
 * are owed. With `retain` it says that all are owed. The reference's reader ignores it, as any line of another channel.
 */
export function announcedLine(schema: TopicSchema): JournalLine {
  const topic = schema.topic(MAIN_DEVICE, { kind: "status", component: "announced" });
  return { topic, payload: "", retain: false };
}

/**
 * The shortest journal of what the registry knows: parents before children, since the reference drops on reading whoever comes before
 * its parent; then the removals under way.
 */
export function snapshotLines(schema: TopicSchema, state: RegistryState): JournalLine[] {
  const line = (effect: StoreEffect) => journalLine(schema, effect);
  const live = parentsFirst(state).flatMap(({ entity, registered, stored }) => {
    if (!stored) return [];
    const { id } = entity;
    const text = formatRegistration({ ...entity, twin: registered });
    return [
      line({ kind: "store", id, text }),
      ...removedKeys(state, id, registered).map((key) => line({ kind: "store-fragment-removed", id, key })),
    ];
  });
  return [...live, ...[...state.removing.keys()].map((id) => line({ kind: "store-removed", id }))];
}

function removedKeys({ data }: RegistryState, id: EntityId, registered: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(registered).flatMap(([key, value]) =>
    value !== null && isTwinKey(key) && !data.has(id, key) ? [key] : [],
  );
}
