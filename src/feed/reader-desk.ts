import type { CancelTimer, Clock } from "../base/clock.ts";
import type { Delivery } from "./feed.ts";

/** Milliseconds without anything to deliver after which a reader gets a heartbeat. */
export const HEARTBEAT = 15_000;
/** A reader that does not come to take what is there, heartbeats included, for so many milliseconds has stalled. */
export const STALL = 60_000;

export interface DeskOptions {
  readonly clock: Clock;
  readonly onQuiet: () => void;
  readonly onStalled: () => void;
}

/** Where one reader waits for what is next. */
export interface ReaderDesk {
  wait(): Promise<Delivery | undefined>;
  answer(delivery: Delivery): void;
  /** Whoever waits gets `undefined`. */
  close(): void;
}

export function openDesk({ clock, onQuiet, onStalled }: DeskOptions): ReaderDesk {
  let waiting: ((delivery: Delivery | undefined) => void) | undefined;
  let cancel: CancelTimer = clock.after(STALL, onStalled);

  const end = (delivery: Delivery | undefined) => {
    cancel();
    waiting?.(delivery);
    waiting = undefined;
  };

  return {
    wait() {
      cancel();
      cancel = clock.after(HEARTBEAT, onQuiet);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    answer(delivery) {
      end(delivery);
      cancel = clock.after(STALL, onStalled);
    },
    close: () => end(undefined),
  };
}
