import { Fifo } from "../base/fifo.ts";
import type { Message } from "../bus/message.ts";
import type { Publish, PublishOutcome } from "../bus/participant.ts";

/**
 * Hands messages to the outbox in order and only so many at a time, so that announcing thousands of entities does not overflow it.
 * What waits here is bounded by what the twin holds, since each change adds a few messages, and by `limit`.
 */
export interface PacedPublisher {
  /** `dropped` when more than `limit` messages wait. */
  send(message: Message): Promise<PublishOutcome>;
  /** Hands over everything that waits. */
  flush(): void;
}

export function pacedPublisher(publish: Publish, window: number, limit: number): PacedPublisher {
  const waiting = new Fifo<{ readonly message: Message; readonly settle: (outcome: PublishOutcome) => void }>();
  let inflight = 0;

  const next = () => {
    const first = waiting.shift();
    if (first === undefined) return false;
    inflight += 1;
    void publish(first.message).then((outcome) => {
      inflight -= 1;
      first.settle(outcome);
      pump();
    });
    return true;
  };

  const pump = () => {
    while (inflight < window && next());
  };

  return {
    send(message) {
      if (waiting.length >= limit) return Promise.resolve("dropped");
      return new Promise((settle) => {
        waiting.push({ message, settle });
        pump();
      });
    },
    flush() {
      while (next());
    },
  };
}
