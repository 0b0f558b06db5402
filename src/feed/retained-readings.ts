import type { Clock } from "../base/clock.ts";
import type { ReceivedMessage } from "../bus/message.ts";
import type { RetainedSource } from "../twin/retained-source.ts";

export interface ReadingOptions {
  readonly read: RetainedSource;
  readonly filters: readonly string[];
  readonly clock: Clock;
  readonly onMessage: (message: ReceivedMessage) => void;
  readonly onEnd: (isComplete: boolean) => void;
}

/** One reading at a time. */
export interface Readings {
  /** Begins after so many milliseconds; what is under way or due is given up, without a word. */
  begin(after: number): void;
  stop(): void;
}

export function retainedReadings({ read, filters, clock, onMessage, onEnd }: ReadingOptions): Readings {
  let stop = () => {};

  const run = async (signal: AbortSignal) => {
    const done = await read(filters, (message) => (signal.aborted ? undefined : onMessage(message)), signal);
    if (!signal.aborted) onEnd(done.ok);
  };

  return {
    begin(after) {
      stop();
      const given = new AbortController();
      const cancel = clock.after(after, () => void run(given.signal));
      stop = () => {
        cancel();
        given.abort();
      };
    },
    stop: () => stop(),
  };
}
