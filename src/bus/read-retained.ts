import { sleep } from "../base/clock.ts";
import { type Fault, FaultError, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { createSession, type SessionWorld } from "./create-session.ts";
import type { ReceivedMessage } from "./message.ts";
import { packetWire } from "./packet-wire.ts";
import type { BrokerEndpoint } from "./session.ts";
import { LOCAL_SESSION } from "./session-defaults.ts";

export interface RetainedRequest {
  readonly endpoint: BrokerEndpoint;
  readonly filters: readonly string[];
  readonly signal: AbortSignal;
  readonly onMessage: (message: ReceivedMessage) => void;
}

/** Milliseconds without a retained message after which all are in (spec/mqtt-api §4.8). */
const QUIET = 1_000;
/** The same as long as fewer than `FEW` came: a broker that has many sends more than that in one go. */
const QUIET_OF_FEW = 300;
const FEW = 100;
/** A broker that does not answer, or that never falls silent, is not waited for any longer. Milliseconds. */
const PATIENCE = 120_000;
const CLOSE_TIMEOUT = 1_000;

/**
 * Reads what a broker retains below the filters, by a clean session of its own that ends when no more comes. A fault when the broker
 * cannot be asked, or the connection broke meanwhile.
 *
 * At QoS 0: a broker queues only so many messages of a higher one, by default 1,000 (mosquitto, EMQX), and drops the others of a
 * subscription that selects more.
 */
export async function readRetained(
  { endpoint, filters, signal, onMessage }: RetainedRequest,
  world: SessionWorld,
): Promise<Result<undefined, Fault>> {
  const { clock, random } = world;
  const interrupted = new AbortController();
  let last = clock.monotonic();
  let count = 0;
  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint,
      clientId: randomName(random),
      clean: true,
      subscriptions: filters.map((filter) => ({ filter, qos: 0 })),
      onMessage(message, acknowledge) {
        acknowledge();
        if (!message.retain || message.payload.length === 0) return;
        count += 1;
        last = clock.monotonic();
        onMessage(message);
      },
      onEvent(event) {
        // A new connection would begin from the start.
        if (event.kind === "disconnected") interrupted.abort(new FaultError(event.fault));
      },
    },
    { ...world, wire: world.wire ?? packetWire(clock) },
  );
  const deadline = clock.monotonic() + PATIENCE;
  const cancel = clock.after(PATIENCE, () => interrupted.abort());
  const ended = AbortSignal.any([signal, interrupted.signal]);
  const quietFor = () => clock.monotonic() - last;
  const quiet = () => (count < FEW ? QUIET_OF_FEW : QUIET);
  try {
    session.open();
    await session.ready(ended);
    last = clock.monotonic();
    while (quietFor() < quiet() && !ended.aborted) {
      await sleep(clock, quiet() - quietFor(), ended);
      // What lies in the socket, because this process was busy, counts too.
      await sleep(clock, 0, ended);
    }
    const isBroken = ended.aborted && clock.monotonic() < deadline;
    return isBroken ? err(toFault(ended.reason)) : ok();
  } catch (thrown) {
    return err(toFault(interrupted.signal.reason ?? thrown));
  } finally {
    cancel();
    await session.close(CLOSE_TIMEOUT);
  }
}

/** Ten letters, as the reference's look-ups call themselves (spec/mqtt-api §14.1). */
function randomName(random: () => number): string {
  return Array.from({ length: 10 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
}
