import type { CancelTimer, Clock } from "../base/clock.ts";
import { Fifo } from "../base/fifo.ts";
import type { Message } from "../bus/message.ts";
import type { Publish, PublishOutcome } from "../bus/participant.ts";

/**
 * Hands messages to the outbox in order and only so many at a time, so that announcing thousands of entities does not overflow it, nor
 * the queue that the broker keeps for us: what comes back to us waits there, and a full one would lose messages of others.
 * What waits here is bounded by what the twin holds, since each change adds a few messages, and by `limit`.
 */
export interface PacedPublisher {
  /** `settle` is called once; `dropped` when more than `limit` messages wait. */
  send(publication: Publication): void;
  /** One came back. */
  returned(): void;
  /** The broker forgot our session, and with it what had not come back. */
  sessionLost(): void;
  /** Hands over everything that waits. */
  flush(): void;
}

export interface PaceOptions {
  readonly publish: Publish;
  readonly clock: Clock;
  /** Messages that the broker has not acknowledged. */
  readonly window: number;
  /** Messages that have not come back. A broker's queue holds 1,000 by default (mosquitto, EMQX). */
  readonly returning: number;
  readonly limit: number;
}

export interface Publication {
  readonly message: Message;
  /** Whether it comes back, since we subscribe to its topic. */
  readonly comesBack: boolean;
  readonly settle: (outcome: PublishOutcome) => void;
}

/** Milliseconds after which those that did not come back are not waited for: we may not be allowed to read them. */
const PATIENCE = 2_000;

export function pacedPublisher({ publish, clock, window, returning, limit }: PaceOptions): PacedPublisher {
  const waiting = new Fifo<Publication>();
  let unacknowledged = 0;
  let unreturned = 0;
  let cancelPatience: CancelTimer | undefined;

  const next = (): boolean => {
    const first = waiting.shift();
    if (first === undefined) return false;
    const { message, comesBack, settle } = first;
    unacknowledged += 1;
    if (comesBack) unreturned += 1;
    void publish(message).then((outcome) => {
      unacknowledged -= 1;
      if (comesBack && outcome !== "delivered") unreturned = Math.max(0, unreturned - 1);
      settle(outcome);
      pump();
    });
    return true;
  };

  const pump = () => {
    while (unacknowledged < window && unreturned < returning && next());
    if (unreturned < returning || waiting.length === 0) endPatience();
    else cancelPatience ??= clock.after(PATIENCE, loseHope);
  };

  const endPatience = () => {
    cancelPatience?.();
    cancelPatience = undefined;
  };

  const loseHope = () => {
    cancelPatience = undefined;
    unreturned = 0;
    pump();
  };

  return {
    send(publication) {
      if (waiting.length >= limit) return publication.settle("dropped");
      waiting.push(publication);
      pump();
    },
    returned() {
      unreturned = Math.max(0, unreturned - 1);
      pump();
    },
    sessionLost() {
      unreturned = unacknowledged;
      pump();
    },
    flush() {
      endPatience();
      while (next());
    },
  };
}
