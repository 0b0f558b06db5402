import type { Clock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import { Fifo } from "../base/fifo.ts";
import type { Log } from "../base/log.ts";
import type { ReceivedMessage } from "./message.ts";
import type { Participant } from "./participant.ts";

/** Hands messages to one participant, one at a time and in order. */
export interface Lane {
  readonly participant: Participant;
  /** `done` is called when the participant is done with the message, or could not handle it, or there was no room for it. */
  push(message: ReceivedMessage, done: () => void): void;
}

/** Messages without promise (QoS 0) that wait for one participant; the others are bounded by what the broker leaves unacknowledged. */
const LARGEST_QUEUE = 1_000;
/** A participant that is busy with one message for so many milliseconds is told of, again and again. */
const SLOW = 60_000;

interface Waiting {
  readonly message: ReceivedMessage;
  readonly done: () => void;
}

export function createLane(participant: Participant, world: { readonly clock: Clock; readonly log: Log }): Lane {
  const { clock, log } = world;
  const queue = new Fifo<Waiting>();
  let current: Waiting | undefined;
  let watched: Waiting | undefined;
  let isWatched = false;
  let dropped = 0;

  /** One timer that looks at intervals, rather than one for each message. */
  const watch = () => {
    isWatched = current !== undefined;
    if (current === undefined) return;
    if (current === watched) {
      log.warn(
        `${participant.name} is still busy with a message on ${current.message.topic}; ${queue.length} more wait`,
      );
    }
    if (dropped > 0) log.warn(`${participant.name} is too slow: ${dropped} messages of QoS 0 dropped`);
    dropped = 0;
    watched = current;
    clock.after(SLOW, watch);
  };

  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      current = next;
      try {
        await participant.receive(next.message);
      } catch (thrown) {
        log.error(`${participant.name} failed on a message on ${next.message.topic}`, toFault(thrown));
      }
      next.done();
    }
    current = undefined;
  };

  return {
    participant,
    push(message, done) {
      if (message.qos === 0 && queue.length >= LARGEST_QUEUE) {
        dropped += 1;
        return done();
      }
      queue.push({ message, done });
      if (!isWatched) clock.after(SLOW, watch);
      isWatched = true;
      if (current === undefined) void work();
    },
  };
}
