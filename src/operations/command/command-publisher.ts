import { cleared, type Message, retained } from "../../bus/message.ts";
import type { Publish } from "../../bus/participant.ts";
import { type CommandPayload, formatCommandPayload } from "../../bus/payload/command.ts";
import type { Tasks } from "../tasks.ts";
import { createEchoLedger } from "./echo-ledger.ts";

/** Publishes the states of commands, and knows its own messages when they come back. */
export interface CommandPublisher {
  state(topic: string, payload: CommandPayload): void;
  clear(topic: string): void;
  /** Resolves once what was published last on a topic is with the broker, or given up. */
  settled(topic: string): Promise<void>;
  /** Whether a received message is one of ours. */
  isEcho(topic: string, text: string): boolean;
  /** Something of ours on this topic has not come back yet. */
  isOut(topic: string): boolean;
}

/** `tasks` are those that nobody waits for: without a broker they last as long as it is away. */
export function createCommandPublisher(publish: Publish, tasks: Tasks): CommandPublisher {
  const ledger = createEchoLedger();
  const latest = new Map<string, Promise<void>>();

  const send = (message: Message, text: string) => {
    const { topic } = message;
    ledger.published(topic, text);
    const delivery = publish(message).then((outcome) => {
      if (outcome !== "delivered") ledger.lost(topic, text);
      if (latest.get(topic) === delivery) latest.delete(topic);
    });
    latest.set(topic, delivery);
    tasks.run(() => delivery);
  };

  return {
    state(topic, payload) {
      const text = formatCommandPayload(payload);
      send(retained(topic, text), text);
    },
    clear: (topic) => send(cleared(topic), ""),
    settled: (topic) => latest.get(topic) ?? Promise.resolve(),
    isEcho: (topic, text) => ledger.received(topic, text),
    isOut: (topic) => ledger.isOut(topic),
  };
}
