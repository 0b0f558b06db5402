import { type Clock, sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";

/**
 * Asks the broker for the topics below `filters` on which it retains a message: by a connection of its own, anonymous and clean, that
 * subscribes and reads until no retained message has come for 1 s (spec/mqtt-api §4.8, §14.1). Has a timeout of its own.
 */
export type RetainedLookup = (filters: readonly string[], signal: AbortSignal) => Promise<Result<readonly string[]>>;

/** Look-ups put together: one after the other, those asked for within a moment in one. */
export interface RetainedSearch {
  /** The topics found for all that was asked for together; empty when the broker could not be asked. */
  find(filters: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Milliseconds in which look-ups are gathered. */
const GATHER = 250;
const FILTERS_PER_LOOKUP = 500;

export interface RetainedSearchOptions {
  readonly lookUp: RetainedLookup;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

export function retainedSearch({ lookUp, signal, clock, log }: RetainedSearchOptions): RetainedSearch {
  let gathered: string[] = [];
  let next: Promise<ReadonlySet<string>> | undefined;
  let previous: Promise<unknown> = Promise.resolve();

  const search = async (after: Promise<unknown>): Promise<ReadonlySet<string>> => {
    await after;
    await sleep(clock, GATHER, signal);
    const filters = gathered;
    gathered = [];
    next = undefined;
    const topics = new Set<string>();
    for (let at = 0; at < filters.length && !signal.aborted; at += FILTERS_PER_LOOKUP) {
      const found = await lookUp(filters.slice(at, at + FILTERS_PER_LOOKUP), signal);
      if (!found.ok) log.warn("Cannot ask the broker for retained messages", found.fault);
      for (const topic of found.ok ? found.value : []) topics.add(topic);
    }
    return topics;
  };

  return {
    find(filters) {
      for (const filter of filters) gathered.push(filter);
      if (next === undefined) {
        next = search(previous);
        previous = next;
      }
      return next;
    },
  };
}
