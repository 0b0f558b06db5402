import { type Clock, sleep } from "../../base/clock.ts";
import { toFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { SurveyReport } from "./store-survey.ts";

export interface StoreKeepingOptions {
  /** One walk through the store; calls `pause` now and then. */
  readonly survey: (pause: () => Promise<void>) => Promise<SurveyReport>;
  /** What else is to be done each time. */
  readonly sweep: () => Promise<void>;
  /** Milliseconds between two surveys. */
  readonly interval: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Surveys the store at the right times, one survey at a time. */
export interface StoreKeeping {
  /** Resolves at the end of a survey: of the first, of the one that runs, or of a new one unless the last has hardly ended. */
  refresh(): Promise<void>;
  /** Surveys at once and then again and again, slowly, until `signal` is aborted. */
  tend(signal: AbortSignal): Promise<void>;
}

/** Milliseconds between two steps of a survey that nobody waits for. */
const PAUSE = 5;
/** A survey that changes crossed is soon repeated, since its count may be off by these. */
const AGAIN_AFTER = 60_000;
/** Refused uploads may make the store be surveyed for at most a tenth of the time. */
const REST = 10;

export function storeKeeping({ survey, sweep, interval, clock, log }: StoreKeepingOptions): StoreKeeping {
  let running: Promise<SurveyReport> | undefined;
  let isWaitedFor = false;
  /** When the next survey may be begun for somebody who waits for it, on the monotonic clock. */
  let freshUntil = Number.NEGATIVE_INFINITY;

  function start(): Promise<SurveyReport> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function run(): Promise<SurveyReport> {
    const began = clock.monotonic();
    let rested = 0;
    const report = await survey(async () => {
      if (isWaitedFor) return;
      const from = clock.monotonic();
      await sleep(clock, PAUSE);
      rested += clock.monotonic() - from;
    });
    const ended = clock.monotonic();
    freshUntil = ended + REST * (ended - began - rested);
    if (report.leftovers > 0) log.info(`Removed ${report.leftovers} incomplete uploads of an earlier run`);
    return report;
  }

  async function round(): Promise<SurveyReport | undefined> {
    try {
      const report = await start();
      await sweep();
      return report;
    } catch (thrown) {
      log.warn("The file store cannot be looked through", toFault(thrown));
      return undefined;
    }
  }

  return {
    async refresh() {
      if (running === undefined && clock.monotonic() < freshUntil) return;
      isWaitedFor = true;
      try {
        await start();
      } finally {
        isWaitedFor = false;
      }
    },
    async tend(signal) {
      while (!signal.aborted) {
        const report = await round();
        await sleep(clock, report?.crossed === false ? interval : Math.min(AGAIN_AFTER, interval), signal);
      }
    },
  };
}
