import { fault } from "../../src/base/fault.ts";
import type { Message, ReceivedMessage } from "../../src/bus/message.ts";
import { matchesFilter } from "../../src/bus/topic-filter.ts";
import type { Wire, WireConnection, WireEvents, WireOptions } from "../../src/bus/wire.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

export interface SimulatedBrokerOptions {
  readonly clock: SimulatedClock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** QoS 1 messages sent to a client and not acknowledged; mosquitto has 20. */
  readonly window?: number;
}

/** An MQTT 3.1.1 broker with durable sessions, behind a network that takes its time and breaks. Retained messages and wills it does not have. */
export interface SimulatedBroker {
  readonly wire: Wire;
  /** What clients published, in order of arrival, repetitions included. */
  readonly seen: readonly Message[];
  /** A message of somebody else; the broker has it at once. */
  publish(message: Message): void;
  /** Breaks all connections; clients notice a little later. */
  cut(): void;
  /** Breaks all connections and refuses new ones until `start`. Sessions stay, as with a broker that writes to disk. */
  stop(): void;
  start(): void;
  /** Forgets all sessions, as a broker without a disk does when it dies. */
  forget(): void;
}

interface Session {
  readonly subscriptions: Set<string>;
  readonly queue: Message[];
  readonly inflight: Map<number, { readonly message: Message; sent: boolean }>;
  lastId: number;
  link?: Link | undefined;
}

/** Both directions of one connection: first in, first out, each item with a delay of its own. */
interface Link {
  isOpen: boolean;
  toBroker(deliver: () => void): void;
  toClient(deliver: (events: WireEvents) => void): void;
  end(): void;
}

const LONGEST_DELAY = 10;
const LONGEST_NOTICE = 200;

export function simulatedBroker({ clock, random, window = 20 }: SimulatedBrokerOptions): SimulatedBroker {
  const sessions = new Map<string, Session>();
  const links = new Set<Link>();
  const seen: Message[] = [];
  let isUp = true;

  const pipe = () => {
    let last = 0;
    return (fire: () => void) => {
      last = Math.max(last, clock.now() + random() * LONGEST_DELAY);
      clock.after(last - clock.now(), fire);
    };
  };

  const makeLink = (events: WireEvents): Link => {
    const [up, down] = [pipe(), pipe()];
    let isClosedForClient = false;
    const link: Link = {
      isOpen: true,
      toBroker: (deliver) => up(() => link.isOpen && deliver()),
      toClient: (deliver) => down(() => link.isOpen && deliver(events)),
      end() {
        if (!links.delete(link)) return;
        link.isOpen = false;
        for (const session of sessions.values()) if (session.link === link) session.link = undefined;
        clock.after(random() * LONGEST_NOTICE, () => {
          if (isClosedForClient) return;
          isClosedForClient = true;
          events.closed(fault("lost", "The connection broke"));
        });
      },
    };
    links.add(link);
    return link;
  };

  const send = (link: Link, packetId: number, message: Message, dup: boolean) => {
    const received: ReceivedMessage = { ...message, retain: false, dup };
    link.toClient((events) => events.received(received, packetId));
  };

  const pump = (session: Session) => {
    while (session.link !== undefined && session.inflight.size < window) {
      const message = session.queue.shift();
      if (message === undefined) return;
      session.lastId = (session.lastId % 65_535) + 1;
      session.inflight.set(session.lastId, { message, sent: true });
      send(session.link, session.lastId, message, false);
    }
  };

  const route = (message: Message) => {
    for (const session of sessions.values()) {
      if (![...session.subscriptions].some((filter) => matchesFilter(filter, message.topic))) continue;
      if (message.qos > 0) session.queue.push({ ...message, qos: 1 });
      else if (session.link !== undefined) send(session.link, 0, message, false);
      pump(session);
    }
  };

  const accept = (link: Link, { clientId, clean }: WireOptions): Session => {
    const former = sessions.get(clientId);
    former?.link?.end();
    const session: Session = (clean ? undefined : former) ?? {
      subscriptions: new Set(),
      queue: [],
      inflight: new Map(),
      lastId: 0,
    };
    sessions.set(clientId, session);
    session.link = link;
    link.toClient((events) => events.connected(session === former));
    for (const [packetId, entry] of session.inflight) send(link, packetId, entry.message, entry.sent);
    pump(session);
    return session;
  };

  const connect = (options: WireOptions, events: WireEvents): WireConnection => {
    const link = makeLink(events);
    if (!isUp) link.end();
    let session: Session | undefined;
    link.toBroker(() => {
      session = accept(link, options);
    });
    return {
      subscribe(packetId, { filter }) {
        link.toBroker(() => {
          session?.subscriptions.add(filter);
          link.toClient((client) => client.subscribed(packetId, [1]));
        });
      },
      publish({ message, packetId }) {
        link.toBroker(() => {
          seen.push(message);
          if (message.qos > 0) link.toClient((client) => client.acknowledged(packetId));
          route(message);
        });
        return true;
      },
      acknowledge(packetId) {
        link.toBroker(() => {
          session?.inflight.delete(packetId);
          if (session !== undefined) pump(session);
        });
      },
      disconnect: () => link.toBroker(link.end),
      abort(because) {
        if (!links.has(link)) return;
        links.delete(link);
        link.isOpen = false;
        if (session?.link === link) session.link = undefined;
        events.closed(because);
      },
    };
  };

  const cut = () => {
    for (const link of [...links]) link.end();
  };

  return {
    wire: { connect },
    seen,
    publish: route,
    cut,
    stop() {
      isUp = false;
      cut();
    },
    start() {
      isUp = true;
    },
    forget() {
      cut();
      sessions.clear();
    },
  };
}
