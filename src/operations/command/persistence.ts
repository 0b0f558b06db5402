import type { BackoffPolicy } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { retry } from "../../base/retry.ts";
import type { Board } from "./board.ts";

/** Brings the board to the disk, also to one that does not take it at once. */
export interface Persistence {
  /** Tries until the disk takes it; false after so many `attempts`, after one once `abandon` was called. */
  save(attempts?: number): Promise<boolean>;
  /** Gives up trying again, now and for ever. */
  abandon(): void;
}

export interface PersistenceOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const RETRY: BackoffPolicy = { initial: 1_000, maximum: 60_000, factor: 2, jitter: 0.2 };

export function createPersistence({ board, clock, random, log }: PersistenceOptions): Persistence {
  const abandoned = new AbortController();
  return {
    async save(attempts = Number.POSITIVE_INFINITY) {
      if (abandoned.signal.aborted) return (await board.save()).ok;
      const saved = await retry(() => board.save(), {
        policy: RETRY,
        attempts,
        isRetriable: () => true,
        onRetry: (why) => log.error("The states of commands cannot be stored", why),
        signal: abandoned.signal,
        clock,
        random,
      });
      return saved.ok;
    },
    abandon: () => abandoned.abort(),
  };
}
