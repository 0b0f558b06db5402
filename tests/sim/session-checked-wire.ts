import type { Message } from "../../src/bus/message.ts";
import type { Wire, WireConnection, WireEvents } from "../../src/bus/wire.ts";

export interface CheckedOptions {
  /** Filters that must stand before anything is published. */
  readonly filters: readonly string[];
  /** Publications of QoS>0 that may be unacknowledged at a time. */
  readonly window: number;
}

/** A wire that looks over a session's shoulder: `faults` tells where it did what MQTT, or the gate, does not allow. */
export interface CheckedWire {
  readonly wire: Wire;
  readonly faults: readonly string[];
  readonly connections: number;
}

interface Sent {
  readonly packetId: number;
  readonly message: Message;
}

export function checkedWire(inner: Wire, { filters, window }: CheckedOptions): CheckedWire {
  const faults: string[] = [];
  let connections = 0;
  let isBusy = false;
  /** Unacknowledged publications of the connection before, in the order in which they were sent. */
  let unanswered: Sent[] = [];

  const connect: Wire["connect"] = (options, events) => {
    if (isBusy) faults.push("connected twice at a time");
    isBusy = true;
    connections += 1;
    const number = connections;
    const blame = (text: string) => faults.push(`connection ${number}: ${text}`);
    const subscribed = new Map<number, string>();
    const missing = new Set(filters);
    const owed: number[] = [];
    const again = unanswered.map(({ packetId }) => packetId);
    const sent: Sent[] = [];
    let isAccepted = false;
    let hasPublished = false;

    const watch: WireEvents = {
      connected: (present) => {
        isAccepted = true;
        events.connected(present);
      },
      subscribed: (packetId, codes) => {
        missing.delete(subscribed.get(packetId) ?? "");
        events.subscribed(packetId, codes);
      },
      received: (message, packetId) => {
        if (packetId !== 0) owed.push(packetId);
        events.received(message, packetId);
      },
      acknowledged: (packetId) => {
        const at = sent.findIndex((entry) => entry.packetId === packetId);
        if (at !== -1) sent.splice(at, 1);
        unanswered = unanswered.filter((entry) => entry.packetId !== packetId);
        events.acknowledged(packetId);
      },
      drained: () => events.drained(),
      closed: (fault) => {
        isBusy = false;
        events.closed(fault);
      },
    };
    const connection: WireConnection = inner.connect(options, watch);
    return {
      subscribe(packetId, subscription) {
        if (!isAccepted) blame("SUBSCRIBE before CONNACK");
        if (hasPublished) blame("SUBSCRIBE after the first PUBLISH");
        subscribed.set(packetId, subscription.filter);
        connection.subscribe(packetId, subscription);
      },
      publish(packet) {
        const { packetId, message, dup } = packet;
        if (!isAccepted) blame("PUBLISH before CONNACK");
        if (missing.size > 0) blame(`PUBLISH before ${[...missing]} is subscribed to`);
        if (packetId !== 0) {
          if (sent.some((entry) => entry.packetId === packetId)) blame(`packet id ${packetId} used twice`);
          if (dup && again.shift() !== packetId) blame(`${message.topic} sent again out of order`);
          if (!dup && sent.length >= window) blame("window exceeded");
          if (!dup && again.length > 0 && !message.topic.startsWith("birth"))
            blame("a new message before all are sent again");
          sent.push({ packetId, message });
          if (!dup && !message.topic.startsWith("birth")) unanswered.push({ packetId, message });
        }
        hasPublished = true;
        return connection.publish(packet);
      },
      acknowledge(packetId, qos) {
        if (owed.shift() !== packetId) blame(`packet ${packetId} acknowledged out of order`);
        connection.acknowledge(packetId, qos);
      },
      disconnect: () => connection.disconnect(),
      abort: (fault) => connection.abort(fault),
    };
  };
  return {
    wire: { connect },
    faults,
    get connections() {
      return connections;
    },
  };
}
