import { type JsonObject, parseJson, sameJson, stringifySorted } from "../base/json.ts";
import type { EntityId } from "./entity-id.ts";
import { payloadText, retained } from "./message.ts";
import type { Participant, Publish } from "./participant.ts";
import type { TopicSchema } from "./topic.ts";

export interface ExposedConfigOptions {
  readonly schema: TopicSchema;
  readonly service: EntityId;
  /** Configuration keys and their values; never a secret. */
  readonly document: JsonObject;
  readonly publish: Publish;
}

/** Keeps the configuration that a service exposes on `<service>/config` as it is: whatever differs there is corrected (spec/mqtt-api §6). */
export function exposedConfig({ schema, service, document, publish }: ExposedConfigOptions): Participant {
  const topic = schema.topic(service, { kind: "config" });
  const expected = retained(topic, stringifySorted(document));
  return {
    name: "exposed-config",
    subscriptions: [{ filter: topic, qos: 1 }],
    async receive(message) {
      const found = parseJson(payloadText(message) ?? "");
      if (!found.ok || !sameJson(found.value, document)) await publish(expected);
    },
    async connected({ first, sessionPresent }) {
      if (first || !sessionPresent) await publish(expected);
    },
  };
}
