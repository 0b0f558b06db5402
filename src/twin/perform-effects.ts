import { exhaustive } from "../base/exhaustive.ts";
import { stringifySorted } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { cleared, type Message, retained } from "../bus/message.ts";
import type { PublishOutcome } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { OwnPublications } from "./own-publications.ts";
import type { PacedPublisher } from "./paced-publisher.ts";
import { readTopic } from "./read-message.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RetainedSearch } from "./retained-search.ts";
import { tellNews } from "./tell-news.ts";
import type { TwinChange } from "./twin.ts";
import { isSubscribed } from "./twin-subscriptions.ts";

function nothing(): void {}

export interface PerformOptions {
  readonly schema: TopicSchema;
  readonly log: Log;
  readonly own: OwnPublications;
  readonly publisher: PacedPublisher;
  readonly search: RetainedSearch;
  /** Something is to be published on this topic. */
  readonly published: (topic: string) => void;
  readonly readRetained: () => void;
  readonly awaitSilence: () => void;
  readonly changed: (change: TwinChange) => void;
  /** Hands the result of an effect to the registry. */
  readonly submit: (input: RegistryInput) => void;
  /** Lets the registration of an entity go out as it is by then. */
  readonly republish: (id: EntityId) => Promise<void>;
}

/** Does what the registry decided, except for storing. */
export interface EffectPerformer {
  /** Takes note at once of what will be published, so that nothing older is taken for news; the result does it. */
  prepare(effects: readonly RegistryEffect[]): () => void;
  /** Whether everything prepared so far has reached the broker. */
  readonly isDelivered: boolean;
}

export function effectPerformer(options: PerformOptions): EffectPerformer {
  const { schema, log, own, publisher, search, submit } = options;

  let owed = 0;

  const registrationTopic = (id: EntityId) => schema.topic(id, { kind: "registration" });

  const publishing = (message: Message, comesBack: boolean, delivered: () => void = nothing): (() => void) => {
    options.published(message.topic);
    const settled = comesBack ? own.expect(message) : nothing;
    owed += 1;
    const settle = (outcome: PublishOutcome) => {
      settled(outcome);
      if (outcome === "dropped" || outcome === "refused") log.warn(`Not published on ${message.topic}: ${outcome}`);
      if (outcome !== "delivered") return;
      owed -= 1;
      delivered();
    };
    return () => publisher.send({ message, comesBack, settle });
  };

  const clearing = (removal: number, ids: readonly EntityId[]) => {
    let left = ids.length;
    const delivered = () => {
      left -= 1;
      if (left === 0) submit({ kind: "cleared", removal, ids });
    };
    const publications = ids.map((id) => publishing(cleared(registrationTopic(id)), true, delivered));
    return () => {
      for (const publish of publications) publish();
    };
  };

  const ensuringRetained = (id: EntityId) => {
    const topic = registrationTopic(id);
    owed += 1;
    return async () => {
      const found = await search.find({ filters: [topic], wide: `${schema.root}/+/+/+/+` });
      if (found === undefined) return;
      if (!found.has(topic)) await options.republish(id);
      owed -= 1;
    };
  };

  const findRetained = async ({ removal, ids }: Extract<RegistryEffect, { readonly kind: "find-retained" }>) => {
    const filters = ids.map((id) => `${registrationTopic(id)}/+/#`);
    const found = await search.find({ filters, wide: `${schema.root}/+/+/+/+/+/#` });
    // The removal goes on at the next start.
    if (found === undefined) return;
    const wanted = new Set(ids);
    const topics = [...found].flatMap((text) => {
      const topic = readTopic(schema, text);
      return topic !== undefined && wanted.has(topic.id) ? [topic] : [];
    });
    submit({ kind: "retained-found", removal, ids, topics });
  };

  const tellBus = (message: Message) => publisher.send({ message, comesBack: false, settle: nothing });

  const prepareOne = (effect: RegistryEffect): (() => unknown) | undefined => {
    switch (effect.kind) {
      case "store":
      case "store-removed":
      case "store-cleared":
      case "store-owed":
      case "store-fragment-removed":
        return undefined;
      case "publish-registration":
        return publishing(retained(registrationTopic(effect.id), effect.text), true);
      case "publish-fragment": {
        const topic = schema.topic(effect.id, { kind: "twin", key: effect.key });
        return publishing(
          effect.value === null ? cleared(topic) : retained(topic, stringifySorted(effect.value)),
          true,
        );
      }
      case "publish-config": {
        const topic = schema.topic(effect.id, { kind: "config" });
        return publishing(retained(topic, stringifySorted(effect.document)), true);
      }
      case "clear": {
        const topic = `${registrationTopic(effect.id)}${effect.suffix}`;
        return publishing(cleared(topic), isSubscribed(readTopic(schema, topic)?.channel));
      }
      case "clear-registrations":
        return clearing(effect.removal, effect.ids);
      case "ensure-retained":
        return ensuringRetained(effect.id);
      case "find-retained":
        return () => findRetained(effect);
      case "read-retained":
        return options.readRetained;
      case "await-silence":
        return options.awaitSilence;
      case "changed":
        return () => options.changed(effect.change);
      case "tell":
        return () => tellNews({ schema, log, send: tellBus }, effect.news);
      default:
        return exhaustive(effect);
    }
  };

  return {
    prepare(effects) {
      const actions = effects.flatMap((effect) => prepareOne(effect) ?? []);
      return () => {
        for (const act of actions) void act();
      };
    },
    get isDelivered() {
      return owed === 0;
    },
  };
}
