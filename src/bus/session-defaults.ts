import type { SessionOptions } from "./session.ts";

/** Largest payload that a service takes (spec/mqtt-api §1). */
export const RECEIVE_LIMIT = 16 * 1024 * 1024;

/**
 * How every service holds its session with the local broker (spec/mqtt-api §1, §14). The broker is on the same machine or next to it,
 * so the pause between tries stays short; it has jitter, so that services that lost the broker together do not return together.
 */
export const LOCAL_SESSION = {
  clean: false,
  keepAlive: 60,
  reconnect: { initial: 500, maximum: 10_000, resetWindow: 10_000, connectTimeout: 10_000 },
  gate: { openOnResume: false, subackTimeout: 20_000, rounds: 3, onRejected: "stop" },
  outbox: { inflight: 100, messages: 20_000, bytes: 32 * 1024 * 1024 },
  receiveLimit: RECEIVE_LIMIT,
} as const satisfies Partial<SessionOptions>;
