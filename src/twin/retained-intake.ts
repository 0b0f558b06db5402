import type { Clock } from "../base/clock.ts";
import { Fifo } from "../base/fifo.ts";
import type { Log } from "../base/log.ts";
import { type RetryOptions, retry } from "../base/retry.ts";
import type { ReceivedMessage } from "../bus/message.ts";
import type { RetainedSource } from "./retained-source.ts";

/**
 * Takes in all that the broker retains, over a connection beside the session: a broker may send only some thousand of the retained
 * messages over a session that keeps what it misses (see bus/read-retained.ts).
 *
 * Both connections bring news of one topic in no certain order. What the session brings while the intake is under way is newer, or a
 * newer one follows there; so what is retained counts only where the session brought nothing.
 */
export interface RetainedIntake {
  /** Reads everything, anew if it is at it. */
  begin(): void;
  /** The session brought something on this topic, or something was published there. */
  noteNews(topic: string): void;
  /** What is retained there is older than what is known. */
  isOvertaken(topic: string): boolean;
  /** Began and has not ended. */
  readonly isActive: boolean;
  /** Has brought something, which is newer than what the session brings as retained. */
  readonly isDelivering: boolean;
}

export interface RetainedIntakeOptions {
  readonly source: RetainedSource;
  readonly filters: readonly string[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Takes messages in; never rejects. */
  readonly take: (messages: readonly ReceivedMessage[]) => Promise<void>;
  /** All are taken in. */
  readonly complete: () => void;
  /** They cannot be read; what the session brings has to do. */
  readonly giveUp: () => void;
}

/** So many are taken in at once; in between, others get their turn. */
const BATCH = 256;
const RETRY: Pick<RetryOptions, "policy" | "attempts" | "isRetriable"> = {
  policy: { initial: 500, maximum: 5_000, factor: 2, jitter: 0.2 },
  attempts: 3,
  isRetriable: ({ code }) => code !== "aborted",
};

export function retainedIntake(options: RetainedIntakeOptions): RetainedIntake {
  const { source, filters, clock, random, log } = options;
  const newer = new Set<string>();
  let current: AbortController | undefined;
  let isDelivering = false;

  const read = async (reading: AbortController) => {
    const signal = AbortSignal.any([options.signal, reading.signal]);
    const waiting = new Fifo<ReceivedMessage>();
    let taking: Promise<void> | undefined;

    const take = async () => {
      while (waiting.length > 0 && !signal.aborted) {
        await options.take(firstOf(waiting, BATCH));
      }
      taking = undefined;
    };
    const onMessage = (message: ReceivedMessage) => {
      if (signal.aborted) return;
      isDelivering = true;
      waiting.push(message);
      taking ??= Promise.resolve().then(take);
    };

    const done = await retry(() => source(filters, onMessage, signal), { ...RETRY, signal, clock, random });
    while (taking !== undefined) await taking;
    if (signal.aborted) return;
    current = undefined;
    isDelivering = false;
    newer.clear();
    if (done.ok) return options.complete();
    log.warn("Cannot read what the broker retains: what it sends by itself may be a part of that", done.fault);
    options.giveUp();
  };

  return {
    begin() {
      current?.abort();
      newer.clear();
      isDelivering = false;
      current = new AbortController();
      void read(current);
    },
    noteNews(topic) {
      if (current !== undefined) newer.add(topic);
    },
    isOvertaken: (topic) => newer.has(topic),
    get isActive() {
      return current !== undefined;
    },
    get isDelivering() {
      return isDelivering;
    },
  };
}

function firstOf<T>(fifo: Fifo<T>, count: number): T[] {
  const taken: T[] = [];
  for (let next = fifo.shift(); next !== undefined; next = fifo.shift()) {
    taken.push(next);
    if (taken.length === count) break;
  }
  return taken;
}
