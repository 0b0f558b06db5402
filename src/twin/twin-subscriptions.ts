import type { Channel } from "../bus/channel.ts";
import type { Subscription } from "../bus/participant.ts";
import type { TopicSchema } from "../bus/topic.ts";

/**
 * What the twin and automatic registration look at (spec/mqtt-api §3): registrations first, so that they come before the data of their
 * entities. Commands of others are not among it, nor whatever else is below an entity: that is looked for when it is removed.
 */
export function twinSubscriptions({ root }: TopicSchema): readonly Subscription[] {
  return FILTERS.map((channel) => ({ filter: `${root}/+/+/+/+${channel}`, qos: 1 }));
}

/** Whether one of the subscriptions selects the topics of a channel. */
export function isSubscribed(channel: Channel | undefined): boolean {
  return channel !== undefined && !OTHERS.has(channel.kind);
}

const FILTERS = [
  "",
  "/twin/+",
  "/config",
  "/m/+",
  "/m/+/meta",
  "/e/+",
  "/e/+/meta",
  "/a/+",
  "/a/+/meta",
  "/cmd/+",
  "/status/+",
] as const;

const OTHERS: ReadonlySet<Channel["kind"]> = new Set(["command", "health-check", "signal"] as const);
