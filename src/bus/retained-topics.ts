import { sleep } from "../base/clock.ts";
import { type Fault, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { createSession, type SessionWorld } from "./create-session.ts";
import type { BrokerEndpoint } from "./session.ts";
import { LOCAL_SESSION } from "./session-defaults.ts";

export interface RetainedTopicsRequest {
  readonly endpoint: BrokerEndpoint;
  readonly filters: readonly string[];
  readonly signal: AbortSignal;
}

/** Milliseconds without a retained message after which all are in (spec/mqtt-api §4.8). */
const QUIET = 1_000;
/** A broker that does not answer, or that never falls silent, is not waited for any longer. Milliseconds. */
const PATIENCE = 30_000;
const CLOSE_TIMEOUT = 1_000;

/**
 * The topics below the filters on which a broker retains a message, found by a clean session of its own that reads until no more come.
 * A fault when the broker cannot be asked.
 */
export async function findRetainedTopics(
  { endpoint, filters, signal }: RetainedTopicsRequest,
  world: SessionWorld,
): Promise<Result<readonly string[], Fault>> {
  const { clock, random } = world;
  const topics = new Set<string>();
  let last = clock.monotonic();
  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint,
      clientId: randomName(random),
      clean: true,
      subscriptions: filters.map((filter) => ({ filter, qos: 1 })),
      onMessage(message, acknowledge) {
        acknowledge();
        if (!message.retain || message.payload.length === 0) return;
        topics.add(message.topic);
        last = clock.monotonic();
      },
    },
    world,
  );
  const deadline = clock.monotonic() + PATIENCE;
  const timeUp = new AbortController();
  const cancel = clock.after(PATIENCE, () => timeUp.abort());
  try {
    session.open();
    await session.ready(AbortSignal.any([signal, timeUp.signal]));
    last = clock.monotonic();
    while (!signal.aborted && clock.monotonic() - last < QUIET && clock.monotonic() < deadline) {
      await sleep(clock, QUIET - (clock.monotonic() - last), signal);
    }
    return ok([...topics]);
  } catch (thrown) {
    return err(toFault(thrown));
  } finally {
    cancel();
    await session.close(CLOSE_TIMEOUT);
  }
}

/** Ten letters, as the reference's look-ups call themselves (spec/mqtt-api §14.1). */
function randomName(random: () => number): string {
  return Array.from({ length: 10 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
}
