import { exhaustive } from "../base/exhaustive.ts";
import type { Log } from "../base/log.ts";
import { type Message, transient } from "../bus/message.ts";
import { twinKeyFault } from "../bus/payload/twin.ts";
import type { TopicSchema } from "../bus/topic.ts";
import { explainRefusal } from "./refusal.ts";
import type { News } from "./registry-effect.ts";

export interface NewsOptions {
  readonly schema: TopicSchema;
  readonly log: Log;
  readonly send: (message: Message) => void;
}

/** Logs what happened; what was rejected is told on `<root>/errors` too, naming the topic (spec/mqtt-api §8, gap). */
export function tellNews({ schema, log, send }: NewsOptions, news: News): void {
  const reject = (text: string, topic: string) => {
    log.warn(`${text} (topic: ${topic})`);
    send(transient(schema.errors, `${text} (topic: ${topic})`));
  };
  switch (news.kind) {
    case "registered":
    case "updated": {
      const { id, type, parent } = news.entity;
      const automatically = news.origin === "automatic" ? " automatically, since it sent data" : "";
      const where = parent === undefined ? "" : ` of ${parent}`;
      const done = news.kind === "registered" ? "Registered" : "Updated";
      return log.info(`${done} ${id} as ${type}${where}${automatically}`);
    }
    case "removed":
      return log.info(`Removed ${news.entities.map(({ id }) => id).join(", ")}`);
    case "pending":
      return log.info(`The registration of ${news.id} waits for its parent ${news.parent}`);
    case "refused": {
      const { message } = explainRefusal(news.refusal);
      if (news.origin === "api") return log.debug(message);
      if (news.origin === "journal") return log.error(`The stored registration of ${news.id} is dropped: ${message}`);
      return reject(message, schema.topic(news.id, { kind: "registration" }));
    }
    case "external-id-dropped":
      return log.warn(
        `${news.id} is stored with the external id '${news.externalId}' of ${news.owner}, and goes without`,
      );
    case "key-skipped":
      return reject(twinKeyFault(news.key).message, schema.topic(news.id, { kind: "registration" }));
    case "flaw":
      return reject(news.text, news.topic);
    case "data-of-unknown":
      return log.warn(
        `Failed to process entity data message: The specified entity: ${news.id} does not exist in the entity store`,
      );
    case "early-data-full":
      return log.warn(`Data of ${news.id} are dropped: too many wait for the registration of their entity`);
    default:
      return exhaustive(news);
  }
}
