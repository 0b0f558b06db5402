import { exhaustive } from "../base/exhaustive.ts";
import { stringifyJson } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { cleared, type Message, retained } from "../bus/message.ts";
import type { PublishOutcome } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { OwnPublications } from "./own-publications.ts";
import type { PacedPublisher } from "./paced-publisher.ts";
import { splitTopic } from "./read-message.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RetainedSearch } from "./retained-search.ts";
import type { SilenceTimer } from "./silence-timer.ts";
import { tellNews } from "./tell-news.ts";
import type { TwinChange } from "./twin.ts";

export interface PerformOptions {
  readonly schema: TopicSchema;
  readonly log: Log;
  readonly own: OwnPublications;
  readonly publisher: PacedPublisher;
  readonly silence: SilenceTimer;
  /** Without it nothing is known but what messages tell. */
  readonly search?: RetainedSearch;
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
  const { schema, log, own, publisher, silence, search, submit } = options;

  let owed = 0;

  const registrationTopic = (id: EntityId) => schema.topic(id, { kind: "registration" });

  const publishing = (message: Message): (() => Promise<PublishOutcome>) => {
    const settled = own.expect(message);
    owed += 1;
    return async () => {
      const outcome = await publisher.send(message);
      settled(outcome);
      if (outcome === "delivered") owed -= 1;
      if (outcome === "dropped" || outcome === "refused") log.warn(`Not published on ${message.topic}: ${outcome}`);
      return outcome;
    };
  };

  const clearing = (removal: number, ids: readonly EntityId[]) => {
    const publications = ids.map((id) => publishing(cleared(registrationTopic(id))));
    return async () => {
      const outcomes = await Promise.all(publications.map((publish) => publish()));
      if (outcomes.every((outcome) => outcome === "delivered")) submit({ kind: "cleared", removal, ids });
    };
  };

  const ensuringRetained = (searching: RetainedSearch, id: EntityId) => {
    const topic = registrationTopic(id);
    owed += 1;
    return async () => {
      if (!(await searching.find([topic])).has(topic)) await options.republish(id);
      owed -= 1;
    };
  };

  const findRetained = async ({ removal, ids }: Extract<RegistryEffect, { readonly kind: "find-retained" }>) => {
    const found = await search?.find(ids.map((id) => `${registrationTopic(id)}/+/#`));
    const wanted = new Set(ids);
    const topics = [...(found ?? [])].flatMap((topic) => {
      const split = splitTopic(schema, topic);
      return split !== undefined && wanted.has(split.id) ? [split] : [];
    });
    submit({ kind: "retained-found", removal, ids, topics });
  };

  const prepareOne = (effect: RegistryEffect): (() => unknown) | undefined => {
    switch (effect.kind) {
      case "store":
      case "store-removed":
      case "store-cleared":
      case "store-owed":
      case "store-fragment-removed":
        return undefined;
      case "publish-registration":
        return publishing(retained(registrationTopic(effect.id), effect.text));
      case "publish-fragment": {
        const topic = schema.topic(effect.id, { kind: "twin", key: effect.key });
        return publishing(effect.value === null ? cleared(topic) : retained(topic, stringifyJson(effect.value)));
      }
      case "clear":
        return publishing(cleared(`${registrationTopic(effect.id)}${effect.suffix}`));
      case "clear-registrations":
        return clearing(effect.removal, effect.ids);
      case "ensure-retained":
        if (search === undefined) return publishing(retained(registrationTopic(effect.id), effect.text));
        return ensuringRetained(search, effect.id);
      case "find-retained":
        return () => findRetained(effect);
      case "await-silence":
        return silence.restart;
      case "changed":
        return () => options.changed(effect.change);
      case "tell":
        return () => tellNews({ schema, log, send: (message) => void publisher.send(message) }, effect.news);
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
