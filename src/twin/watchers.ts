import { toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { Twin, TwinChange } from "./twin.ts";

/** Those who want to know what changes in the twin. What one of them throws is told in the log and harms nobody. */
export interface Watchers extends Pick<Twin, "watch"> {
  tell(change: TwinChange): void;
}

export function createWatchers(log: Log): Watchers {
  // A key of its own for each, since one listener may be given twice.
  const listeners = new Map<symbol, (change: TwinChange) => void>();
  return {
    watch(listener) {
      const key = Symbol("watcher");
      listeners.set(key, listener);
      return () => listeners.delete(key);
    },
    tell(change) {
      for (const listener of listeners.values()) {
        try {
          listener(change);
        } catch (thrown) {
          log.error("A watcher of the twin failed", toFault(thrown));
        }
      }
    },
  };
}
