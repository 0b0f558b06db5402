import { type Channel, formatChannel, parseChannel } from "./channel.ts";
import { type EntityId, entityIdOf } from "./entity-id.ts";

/** The topics of the bus below one root, normally `te` (spec/mqtt-api §2). */
export interface TopicSchema {
  readonly root: string;
  /** Who a topic belongs to and what it is about; `undefined` when it is not a topic of this bus. */
  parse(topic: string): EntityTopic | undefined;
  topic(entity: EntityId, channel: Channel): string;
  /** `<root>/errors`, where rejected input is told. */
  readonly errors: string;
}

export interface EntityTopic {
  readonly entity: EntityId;
  readonly channel: Channel;
}

export function topicSchema(root: string): TopicSchema {
  return {
    root,
    errors: `${root}/errors`,
    topic: (entity, channel) => `${root}/${entity}${formatChannel(channel)}`,
    parse(topic) {
      const [first, ...segments] = topic.split("/");
      if (first !== root || segments.length === 0 || topic === `${root}/errors`) return undefined;
      const channel = parseChannel(segments.slice(4));
      return channel === undefined ? undefined : { entity: entityIdOf(segments.slice(0, 4)), channel };
    },
  };
}
