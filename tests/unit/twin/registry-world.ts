import { exhaustive } from "../../../src/base/exhaustive.ts";
import type { EntityId } from "../../../src/bus/entity-id.ts";
import { parseEntityId } from "../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import type { Delivery } from "../../../src/twin/arrival.ts";
import { readMessage, readTopic } from "../../../src/twin/read-message.ts";
import { registryMachine } from "../../../src/twin/registry.machine.ts";
import type { RegistryEffect } from "../../../src/twin/registry-effect.ts";
import { createRegistryState, type RegistryState } from "../../../src/twin/registry-state.ts";
import { twinApi } from "../../../src/twin/twin-api.ts";

export function id(text: string): EntityId {
  const parsed = parseEntityId(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

/** The registry without a disk and without a bus: messages in, effects out as short texts. */
export function registryWorld(options: { readonly autoRegister?: boolean; readonly settled?: boolean } = {}) {
  const schema = topicSchema("te");
  const state: RegistryState = createRegistryState({ autoRegister: options.autoRegister ?? true });
  const step = registryMachine(state);
  if (options.settled !== false) step({ kind: "silence" });

  const receive = (topic: string, payload: unknown, delivery: Delivery = "live"): string[] => {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const bytes = new TextEncoder().encode(text);
    const message = { topic, payload: bytes, qos: 1, retain: delivery === "retained", dup: false } as const;
    const read = readTopic(schema, topic);
    if (read === undefined) return [];
    const { flaw, input } = readMessage(read, message, delivery);
    return [...(flaw === undefined ? [] : [`flaw ${flaw}`]), ...(input === undefined ? [] : describe(step(input)))];
  };

  const effects: RegistryEffect[] = [];
  const api = twinApi(state, async (input, isWanted) => {
    const decided = isWanted() ? step(input) : [];
    effects.push(...decided);
    return { ok: true, value: decided };
  });

  return {
    state,
    step,
    receive,
    api,
    /** Effects of calls of the API since the last time it was asked. */
    effects: () => describe(effects.splice(0)),
    silence: () => describe(step({ kind: "silence" })),
  };
}

/** One line an effect; news only when they are bad. */
export function describe(effects: readonly RegistryEffect[]): string[] {
  return effects.flatMap((effect) => {
    switch (effect.kind) {
      case "store":
        return [`store ${effect.id} ${effect.text}`];
      case "store-removed":
      case "store-cleared":
        return [`${effect.kind} ${effect.id}`];
      case "store-fragment-removed":
        return [`${effect.kind} ${effect.id} ${effect.key}`];
      case "ensure-retained":
        return [`ensure-retained ${effect.id}`];
      case "publish-registration":
        return [`${effect.kind} ${effect.id} ${effect.text}`];
      case "publish-fragment":
        return [`twin ${effect.id}/${effect.key} ${JSON.stringify(effect.value)}`];
      case "publish-config":
        return [`config ${effect.id} ${JSON.stringify(effect.document)}`];
      case "clear":
        return [`clear ${effect.id}${effect.suffix}`];
      case "clear-registrations":
      case "find-retained":
        return [`${effect.kind} ${effect.ids.join(" ")}`];
      case "await-silence":
      case "read-retained":
      case "changed":
      case "store-owed":
        return [];
      case "tell": {
        const { news } = effect;
        switch (news.kind) {
          case "registered":
          case "updated":
          case "removed":
            return [];
          case "refused":
            return [`refused ${news.id} ${news.refusal.kind}`];
          case "key-skipped":
            return [`key-skipped ${news.id} ${news.key}`];
          case "flaw":
            return [`flaw ${news.text}`];
          default:
            return [`${news.kind} ${news.id}`];
        }
      }
      default:
        return exhaustive(effect);
    }
  });
}
