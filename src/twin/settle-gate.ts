import type { CancelTimer, Clock } from "../base/clock.ts";

/**
 * Opens once the twin can know everything: what the broker retains is read, and what it had kept for the session has come. A removal
 * published while this process was away must be known before what the broker seems to have lost is published again.
 */
export interface SettleGate {
  /** A new connection: both have to happen again. */
  close(): void;
  retainedRead(): void;
  sessionCaughtUp(): void;
  stop(): void;
}

export interface SettleGateOptions {
  readonly clock: Clock;
  /** False when nothing tells that the session has caught up. */
  readonly waitsForSession: boolean;
  readonly open: () => void;
}

/** Milliseconds that the session may take longer: a broker may not let us read what tells that it has caught up. */
const PATIENCE = 30_000;

export function settleGate({ clock, waitsForSession, open }: SettleGateOptions): SettleGate {
  let isRead = false;
  let hasCaughtUp = !waitsForSession;
  let cancel: CancelTimer | undefined;

  const stop = () => {
    cancel?.();
    cancel = undefined;
  };

  const pass = () => {
    stop();
    isRead = false;
    open();
  };

  return {
    close() {
      stop();
      isRead = false;
      hasCaughtUp = !waitsForSession;
    },
    retainedRead() {
      isRead = true;
      if (hasCaughtUp) return pass();
      stop();
      cancel = clock.after(PATIENCE, pass);
    },
    sessionCaughtUp() {
      hasCaughtUp = true;
      if (isRead) pass();
    },
    stop,
  };
}
