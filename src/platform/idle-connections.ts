import type { CancelTimer, Clock } from "../base/clock.ts";
import type { BunServer } from "./bun-server.ts";
import { openFileCount } from "./open-files.ts";

/** Milliseconds between two looks. */
const PERIOD = 5_000;
/** Open files beyond which nobody can have too many connections: the process has these for itself. */
const OWN_FILES = 64;

/**
 * Bun shows no connection that asks for nothing. One that never did is closed after 12 s; those that wait for a next request are all closed
 * when there are more than `most` connections.
 */
export function watchIdleConnections(server: BunServer, most: number, clock: Clock): { stop(): void } {
  let cancel: CancelTimer;
  const look = () => {
    if (openFileCount() - OWN_FILES > most) server.closeIdleConnections();
    cancel = clock.after(PERIOD, look);
  };
  cancel = clock.after(PERIOD, look);
  return { stop: () => cancel() };
}
