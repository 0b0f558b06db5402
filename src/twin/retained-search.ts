import { type Clock, sleep } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { type RetryOptions, retry } from "../base/retry.ts";
import type { RetainedSource } from "./retained-source.ts";

/** Looks for retained messages, one look-up after the other, those asked for within a moment in one. */
export interface RetainedSearch {
  /**
   * The topics found for all that was asked for together, none when the broker could not be asked, which is told in the log. `undefined`
   * when the search was stopped.
   */
  find(wanted: WantedTopics): Promise<ReadonlySet<string> | undefined>;
}

export interface WantedTopics {
  readonly filters: readonly string[];
  /** One that selects what the others do, and more: many filters cost a broker more than many messages. */
  readonly wide: string;
}

export interface RetainedSearchOptions {
  readonly source: RetainedSource;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Milliseconds in which look-ups are gathered. */
const GATHER = 250;
const MOST_FILTERS = 100;
/** Half a minute in all; whoever is removed meanwhile is found at the next start. */
export const SEARCH_RETRY: Pick<RetryOptions, "policy" | "attempts" | "isRetriable"> = {
  policy: { initial: 1_000, maximum: 15_000, factor: 2, jitter: 0.2 },
  attempts: 6,
  isRetriable: ({ code }) => code !== "aborted",
};

export function retainedSearch({ source, signal, clock, random, log }: RetainedSearchOptions): RetainedSearch {
  let gathered: WantedTopics[] = [];
  let next: Promise<ReadonlySet<string> | undefined> | undefined;
  let previous: Promise<unknown> = Promise.resolve();

  const search = async (after: Promise<unknown>): Promise<ReadonlySet<string> | undefined> => {
    await after;
    await sleep(clock, GATHER, signal);
    const filters = filtersOf(gathered);
    gathered = [];
    next = undefined;
    const topics = new Set<string>();
    const ask = () => source(filters, ({ topic }) => topics.add(topic), signal);
    const found = await retry(ask, { ...SEARCH_RETRY, signal, clock, random });
    if (signal.aborted) return undefined;
    if (!found.ok)
      log.warn("Cannot ask the broker for retained messages: some of removed entities may stay", found.fault);
    return topics;
  };

  return {
    find(wanted) {
      gathered.push(wanted);
      if (next === undefined) {
        next = search(previous);
        previous = next;
      }
      return next;
    },
  };
}

function filtersOf(gathered: readonly WantedTopics[]): string[] {
  const filters = gathered.flatMap((wanted) => wanted.filters);
  return filters.length <= MOST_FILTERS ? filters : [...new Set(gathered.map(({ wide }) => wide))];
}
