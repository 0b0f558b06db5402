import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { createSession } from "../../src/bus/create-session.ts";
import { payloadText, type ReceivedMessage } from "../../src/bus/message.ts";
import type { BrokerEndpoint, Session, SessionEvent, SessionOptions } from "../../src/bus/session.ts";
import { LOCAL_SESSION } from "../../src/bus/session-defaults.ts";
import type { Wire } from "../../src/bus/wire.ts";
import { waitUntil } from "./world/wait-until.ts";

export interface Arrival {
  readonly message: ReceivedMessage;
  readonly text: string | undefined;
  readonly acknowledge: () => void;
}

/** A session of the product with a real broker, in the hands of a test. */
export interface SessionClient extends AsyncDisposable {
  readonly session: Session;
  readonly arrivals: readonly Arrival[];
  readonly events: readonly SessionEvent[];
  /** Waits until there are so many arrivals, and gives them. */
  arrived(count: number): Promise<readonly Arrival[]>;
  told<Kind extends SessionEvent["kind"]>(kind: Kind): Promise<Extract<SessionEvent, { kind: Kind }>>;
}

export const QUIET: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing };

export interface ClientOptions extends Partial<SessionOptions> {
  /** Whether each message is acknowledged at once. Default: yes. */
  readonly acknowledges?: boolean;
  readonly wire?: Wire;
}

/** Opens a session. */
export function sessionClient(
  endpoint: BrokerEndpoint,
  clientId: string,
  { acknowledges = true, wire, ...options }: ClientOptions = {},
): SessionClient {
  const arrivals: Arrival[] = [];
  const events: SessionEvent[] = [];
  const session = createSession(
    {
      ...LOCAL_SESSION,
      reconnect: { ...LOCAL_SESSION.reconnect, initial: 50, maximum: 200 },
      endpoint,
      clientId,
      subscriptions: [],
      onMessage(message, acknowledge) {
        arrivals.push({ message, text: payloadText(message), acknowledge });
        if (acknowledges) acknowledge();
      },
      onEvent: (event) => events.push(event),
      ...options,
    },
    { clock: systemClock, random: Math.random, log: QUIET, ...(wire === undefined ? {} : { wire }) },
  );
  session.open();
  return {
    session,
    arrivals,
    events,
    arrived: (count) => waitUntil(`${count} messages arrived`, () => arrivals.length >= count && arrivals),
    told: <Kind extends SessionEvent["kind"]>(kind: Kind) =>
      waitUntil(`the session told ${kind}`, () =>
        events.find((event): event is Extract<SessionEvent, { kind: Kind }> => event.kind === kind),
      ),
    [Symbol.asyncDispose]: () => session.close(2_000),
  };
}

function nothing(): void {}
