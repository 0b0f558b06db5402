import { Readable } from "node:stream";
import MemoryPersistence from "aedes-persistence/asyncPersistence.js";
import { matchesFilter } from "./topic-filter.ts";

type Client = Parameters<MemoryPersistence["addSubscriptions"]>[0];
type Subscription = Parameters<MemoryPersistence["addSubscriptions"]>[1][number];
type Packet = Parameters<MemoryPersistence["outgoingClearMessageId"]>[1];

/**
 * Sessions and retained messages of the embedded broker, in memory. What comes with aedes takes `+` for at least one character, so that it
 * neither keeps messages for absent clients nor gives retained ones where topics have empty levels, which those of the bus always have
 * (`te/device/main//`); MQTT-4.7.1-3 lets `+` match an empty level. It also loses its place when two filters of one session match.
 */
export class EmbeddedPersistence extends MemoryPersistence {
  private readonly sessions = new Map<string, Map<string, Subscription>>();

  override async addSubscriptions(client: Client, subscriptions: Subscription[]): Promise<void> {
    const filters = this.sessions.get(client.id) ?? new Map<string, Subscription>();
    this.sessions.set(client.id, filters);
    for (const subscription of subscriptions) filters.set(subscription.topic, subscription);
    await super.addSubscriptions(client, subscriptions);
  }

  override async removeSubscriptions(client: Client, filters: string[]): Promise<void> {
    const left = this.sessions.get(client.id);
    for (const filter of filters) left?.delete(filter);
    await super.removeSubscriptions(client, filters);
  }

  override async cleanSubscriptions(client: Client): Promise<void> {
    this.sessions.delete(client.id);
    await super.cleanSubscriptions(client);
  }

  /** Who has to get a message of QoS>0 also later: each client once, however many of its filters match. */
  override async subscriptionsByTopic(topic: string): ReturnType<MemoryPersistence["subscriptionsByTopic"]> {
    const found = [];
    for (const [clientId, filters] of this.sessions) {
      const matching = [...filters.values()].filter((one) => one.qos > 0 && matchesFilter(one.topic, topic));
      const [best] = matching.sort((one, other) => other.qos - one.qos);
      if (best !== undefined) found.push({ clientId, topic: best.topic, qos: best.qos });
    }
    return found;
  }

  override createRetainedStream(filter: string): Readable {
    return this.createRetainedStreamCombi([filter]);
  }

  override createRetainedStreamCombi(filters: string[]): Readable {
    return Readable.from(selectRetained(super.createRetainedStream("#"), filters));
  }

  /** A message that is not delivered a second time has no packet id: nothing is to be forgotten then. */
  override async outgoingClearMessageId(client: Client, packet: Packet): Promise<Packet> {
    return packet.messageId === undefined ? packet : await super.outgoingClearMessageId(client, packet);
  }
}

async function* selectRetained(
  all: AsyncIterable<{ readonly topic: string }>,
  filters: readonly string[],
): AsyncGenerator<{ readonly topic: string }> {
  for await (const packet of all) {
    if (filters.some((filter) => matchesFilter(filter, packet.topic))) yield packet;
  }
}
