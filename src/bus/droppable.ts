import type { Message } from "./message.ts";
import type { TopicSchema } from "./topic.ts";

/**
 * Which messages may be dropped when there is no room left: measurements and events, and whatever is sent without any promise.
 * Everything that a later message does not make up for (commands, alarms, registrations, twin, health) is kept (spec/mqtt-api §14.2, gap).
 */
export function droppableOn(schema: TopicSchema): (message: Message) => boolean {
  return (message) => {
    if (isFireAndForget(message)) return true;
    const kind = schema.parse(message.topic)?.channel.kind;
    return kind === "measurement" || kind === "event";
  };
}

/** QoS 0 and not retained: its publisher has no promise that anyone gets it. */
export function isFireAndForget(message: Message): boolean {
  return message.qos === 0 && !message.retain;
}
