import { toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { uniteSubscriptions } from "./covers-filter.ts";
import { createSession, type SessionWorld } from "./create-session.ts";
import type { ReceivedMessage } from "./message.ts";
import type { Connection, Participant } from "./participant.ts";
import { createLane, type Lane } from "./participant-lane.ts";
import type { Session, SessionEvent, SessionOptions } from "./session.ts";
import { matchesFilter } from "./topic-filter.ts";

/** What the participants of one unit do on the bus, over the unit's one session. */
export interface Bus {
  readonly session: Session;
  /** Messages received and not handled by everyone yet. */
  readonly working: number;
}

/** Who wants a topic is remembered for so many topics. */
const REMEMBERED_TOPICS = 4_096;

/**
 * Makes a session (not opened yet) that subscribes to what the participants want and hands each received message to every participant
 * that wants it: to each one at a time and in order, to all at once. It is acknowledged when all are done with it, so that the broker,
 * which lets only so many be unacknowledged, slows down with the slowest. What nobody wants, as an older version may have subscribed to
 * it in this persistent session, is acknowledged and ignored (spec/mqtt-api §14.2).
 */
export function joinBus(
  participants: readonly Participant[],
  options: Omit<SessionOptions, "subscriptions" | "onMessage">,
  world: SessionWorld,
): Bus {
  const lanes = participants.map((participant) => createLane(participant, world));
  const wanting = new Map<string, readonly Lane[]>();
  let connection: Connection | undefined;
  let working = 0;

  const lanesOf = (topic: string): readonly Lane[] => {
    const known = wanting.get(topic);
    if (known !== undefined) return known;
    const found = lanes.filter(({ participant }) =>
      participant.subscriptions.some(({ filter }) => matchesFilter(filter, topic)),
    );
    if (wanting.size >= REMEMBERED_TOPICS) wanting.clear();
    wanting.set(topic, found);
    return found;
  };

  const onMessage = (message: ReceivedMessage, acknowledge: () => void) => {
    const receivers = lanesOf(message.topic);
    if (receivers.length === 0) {
      world.log.debug(`Nobody here asked for ${message.topic}`);
      return acknowledge();
    }
    working += 1;
    let left = receivers.length;
    for (const lane of receivers) {
      lane.push(message, () => {
        left -= 1;
        if (left > 0) return;
        working -= 1;
        acknowledge();
      });
    }
  };

  const onEvent = (event: SessionEvent) => {
    if (event.kind === "connected") connection = { sessionPresent: event.sessionPresent, first: event.first };
    if (event.kind === "ready" && connection !== undefined) tellConnected(participants, connection, world.log);
    options.onEvent?.(event);
  };

  const subscriptions = uniteSubscriptions(participants.flatMap((participant) => participant.subscriptions));
  return {
    session: createSession({ ...options, subscriptions, onMessage, onEvent }, world),
    get working() {
      return working;
    },
  };
}

/** Each begins in turn; none waits for another, which may be waiting for a message. */
function tellConnected(participants: readonly Participant[], connection: Connection, log: Log): void {
  for (const participant of participants) void tell(participant, connection, log);
}

async function tell(participant: Participant, connection: Connection, log: Log): Promise<void> {
  try {
    await participant.connected?.(connection);
  } catch (thrown) {
    log.error(`${participant.name} failed to begin on the new connection`, toFault(thrown));
  }
}
