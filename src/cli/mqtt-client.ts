import type { Duration } from "../base/duration.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { createSession } from "../bus/create-session.ts";
import type { QoS, ReceivedMessage } from "../bus/message.ts";
import type { Subscription } from "../bus/participant.ts";
import type { BrokerEndpoint, Session } from "../bus/session.ts";
import { LOCAL_SESSION } from "../bus/session-defaults.ts";
import { LARGEST_PACKET } from "../bus/wire-size.ts";
import type { CliContext } from "./outcome.ts";

/** A short visit to the local broker: a clean session under a name of its own (spec/cli-and-config §9.1). */
export interface VisitOptions {
  readonly endpoint: BrokerEndpoint;
  readonly role: "pub" | "sub";
  readonly subscriptions: readonly Subscription[];
  readonly onMessage: (message: ReceivedMessage, acknowledge: () => void) => void;
  /** How long to try to get a connection; 0 is for ever. */
  readonly connectionTimeout: Duration;
  /** Whether a connection that was there once and got lost has to come back within that time too. */
  readonly mustStayConnected: boolean;
}

export interface Visit {
  readonly session: Session;
  /** Resolves with what ended the visit from outside: no connection in time, a refused subscription. */
  readonly failed: Promise<Fault>;
  end(): Promise<void>;
}

/** Milliseconds for what waits and DISCONNECT; less for somebody who does not want to wait any more. */
const CLOSE_TIMEOUT = 2_000;
const INTERRUPTED_CLOSE_TIMEOUT = 300;

/** Begins to connect. */
export function visitBroker(context: CliContext, options: VisitOptions): Visit {
  const { connectionTimeout, role } = options;
  const failed = Promise.withResolvers<Fault>();
  let lastFault: Fault | undefined;
  let wasReady = false;
  let cancel = watch();

  function watch(): () => void {
    if (connectionTimeout.milliseconds === 0) return () => undefined;
    return context.clock.after(connectionTimeout.milliseconds, () => {
      const message = `MQTT connection timed out after ${durationText(connectionTimeout)}`;
      failed.resolve(fault("timeout", message, lastFault === undefined ? {} : { cause: lastFault }));
    });
  }

  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint: options.endpoint,
      clientId: `tedge-${role}-${process.pid}-${randomLetters(context.random)}`,
      clean: true,
      receiveLimit: LARGEST_PACKET,
      subscriptions: options.subscriptions,
      onMessage: options.onMessage,
      onEvent(event) {
        if (event.kind === "ready") {
          cancel();
          wasReady = true;
        }
        if (event.kind === "disconnected") {
          lastFault = event.fault;
          if (wasReady && options.mustStayConnected) {
            cancel();
            cancel = watch();
          }
        }
        if (event.kind === "stopped" && event.fault !== undefined) failed.resolve(event.fault);
      },
    },
    context,
  );
  session.open();
  return {
    session,
    failed: failed.promise,
    async end() {
      cancel();
      await session.close(context.signal.aborted ? INTERRUPTED_CLOSE_TIMEOUT : CLOSE_TIMEOUT);
    },
  };
}

/** The first of: the work is done, the visit failed, somebody asked the program to end. */
export function unlessEnded<T>(context: CliContext, visit: Visit, work: Promise<T>): Promise<Result<T>> {
  return Promise.race([
    work.then(
      (value): Result<T> => ok(value),
      // A session that stops says why through the visit.
      () => visit.failed.then((why): Result<T> => err(why)),
    ),
    visit.failed.then((why: Fault): Result<T> => err(why)),
    aborted(context.signal).then((): Result<T> => err(fault("interrupted", "Interrupted"))),
  ]);
}

/** `AtLeastOnce` and so on, as the texts of the command line have it. */
export function qosName(qos: QoS): string {
  return ["AtMostOnce", "AtLeastOnce", "ExactlyOnce"][qos] ?? String(qos);
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function durationText({ text }: Duration): string {
  return /^\d+$/.test(text) ? `${text}s` : text;
}

function randomLetters(random: () => number): string {
  return Array.from({ length: 8 }, () => String.fromCharCode(97 + Math.floor(random() * 26))).join("");
}
