import type { Message, QoS, ReceivedMessage } from "./message.ts";

export interface Subscription {
  readonly filter: string;
  readonly qos: QoS;
}

/** What became of a message that was handed over for publishing. Only `delivered` means that the broker has it (QoS 1: PUBACK seen). */
export type PublishOutcome = "delivered" | "dropped" | "refused" | "closed";

/** Hands a message to the session's outbox. Never throws; a message that must not be lost is kept over disconnections. */
export type Publish = (message: Message) => Promise<PublishOutcome>;

/** Something that takes part in the bus over the session of its unit: the twin, the operations engine, the health of a service. */
export interface Participant {
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  /**
   * Called for each message that one of the subscriptions selects, one at a time and in order of arrival.
   * The message is acknowledged to the broker once the promise resolves, so it must not resolve before what has to survive is on disk.
   */
  receive(message: ReceivedMessage): Promise<void>;
  /** Called after each (re)connection, once all subscriptions are acknowledged. */
  connected?(connection: Connection): Promise<void>;
}

export interface Connection {
  /** False when the broker had no session for this client, so it may have lost its retained messages too (spec/mqtt-api §14.2). */
  readonly sessionPresent: boolean;
  /** The first connection of this process. */
  readonly first: boolean;
}
