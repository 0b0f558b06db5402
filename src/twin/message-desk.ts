import type { ReceivedMessage } from "../bus/message.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Delivery } from "./arrival.ts";
import type { OwnPublications } from "./own-publications.ts";
import { type MessageTopic, readMessage, readTopic } from "./read-message.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RetainedIntake } from "./retained-intake.ts";

/** Decides about messages: which of them say something new, and what follows. */
export interface MessageDesk {
  /** True for an echo of our own, which is done with by that. */
  takeEcho(message: ReceivedMessage): boolean;
  /** One that the session brought. */
  decideNews(message: ReceivedMessage, topic: MessageTopic | undefined): readonly RegistryEffect[];
  /** One that was read as retained. */
  decideRetained(message: ReceivedMessage): readonly RegistryEffect[];
}

export interface MessageDeskOptions {
  readonly schema: TopicSchema;
  readonly own: OwnPublications;
  readonly intake: RetainedIntake;
  readonly step: (input: RegistryInput) => readonly RegistryEffect[];
  /** One of our own came back. */
  readonly returned: () => void;
}

export function messageDesk({ schema, own, intake, step, returned }: MessageDeskOptions): MessageDesk {
  const classify = (message: ReceivedMessage) => {
    const relation = own.classify(message);
    if (relation === "echo") returned();
    return relation;
  };

  const decide = (message: ReceivedMessage, topic: MessageTopic | undefined): readonly RegistryEffect[] => {
    const relation = classify(message);
    if (relation === "echo" || (relation === "overtaken" && message.retain) || topic === undefined) return [];
    const delivery = relation === "overtaken" ? relation : deliveryOf(message);
    const { input, flaw } = readMessage(topic, message, delivery);
    // What they say is undone already.
    if (delivery === "overtaken" && input?.kind === "data") return [];
    const effects = input === undefined ? [] : step(input);
    return flaw === undefined
      ? effects
      : [{ kind: "tell", news: { kind: "flaw", topic: message.topic, text: flaw } }, ...effects];
  };

  return {
    takeEcho(message) {
      if (message.retain || classify(message) !== "echo") return false;
      intake.noteNews(message.topic);
      return true;
    },
    decideNews(message, topic) {
      if (message.retain && intake.isDelivering) return [];
      if (!message.retain) intake.noteNews(message.topic);
      return decide(message, topic);
    },
    decideRetained: (message) =>
      intake.isOvertaken(message.topic) ? [] : decide(message, readTopic(schema, message.topic)),
  };
}

function deliveryOf(message: ReceivedMessage): Delivery {
  if (message.retain) return "retained";
  return message.dup ? "again" : "live";
}
