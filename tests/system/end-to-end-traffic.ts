import { BRIDGE, DEVICE_ID, FAR_ROOT, type Gateway } from "./end-to-end-gateway.ts";
import type { Mosquitto } from "./world/mosquitto.ts";
import type { BrokerAccess } from "./world/mosquitto-clients.ts";
import { type Arrival, type PahoRecorder, startPahoPublisher, startPahoRecorder } from "./world/paho.ts";

export interface TrafficOptions {
  /** Messages in each direction. */
  readonly count: number;
  /** Messages a second in each direction. */
  readonly rate: number;
}

/** Numbered messages of QoS 1 on their way in both directions over a gateway, published and recorded by paho-mqtt. */
export interface Traffic extends AsyncDisposable {
  readonly outbound: Stream;
  readonly inbound: Stream;
}

/** One direction. */
export interface Stream {
  /** Resolves once the publisher has so many messages acknowledged. */
  published(count: number): Promise<void>;
  /** Resolves once every message arrived. */
  arrived(): Promise<void>;
  report(): StreamReport;
}

/**
 * How the messages of a stream passed their four hops: publisher, first broker, bridge, second broker, recorder. On each hop a message may
 * come again with the DUP flag, which does not go on to the next one. A copy without it is excess if it is more than what the one who sent
 * it had been given.
 */
export interface StreamReport {
  /** Numbers of the messages, in the order in which the first broker got each first: after a reconnect a publisher may send a new one before old ones. */
  readonly published: readonly number[];
  /** Numbers of the messages, in the order in which each came to the recorder first. */
  readonly recorded: readonly number[];
  readonly excess: { readonly firstBroker: number; readonly bridge: number; readonly secondBroker: number };
  /** Copies that the second broker got because the first one gave messages to the bridge again. */
  readonly repeats: number;
}

export async function startTraffic(gateway: Gateway, options: TrafficOptions): Promise<Traffic> {
  await using stack = new AsyncDisposableStack();
  const { local, far, operator } = gateway;
  const events = { from: "te/device/line///e/n", to: `${FAR_ROOT}/device/line///e/n` };
  const orders = { from: `gateways/${DEVICE_ID}/orders/n`, to: "orders/n" };
  const start = async (from: Side, to: Side, topics: { readonly from: string; readonly to: string }) => {
    const recorder = stack.use(await startPahoRecorder(to.access, "recorder", topics.to.replace(/n$/, "+")));
    const publisher = { clientId: "publisher", prefix: topics.from, ...options };
    const { acknowledged } = stack.use(startPahoPublisher(from.access, publisher));
    await acknowledged(1);
    return {
      published: acknowledged,
      arrived: () => recorder.arrived(options.count),
      report: () => report(from, to, topics, recorder),
    };
  };
  const here = { broker: local, access: local, bridge: BRIDGE };
  const there = { broker: far, access: operator, bridge: DEVICE_ID };
  const outbound = await start(here, there, events);
  const inbound = await start(there, here, orders);
  const kept = stack.move();
  return { outbound, inbound, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Side {
  readonly broker: Mosquitto;
  readonly access: BrokerAccess;
  /** The bridge's client id there. */
  readonly bridge: string;
}

function report(
  source: Side,
  target: Side,
  topics: { readonly from: string; readonly to: string },
  recorder: PahoRecorder,
): StreamReport {
  const published = copies(packets(source.broker.log(), "Received PUBLISH from", "publisher"), topics.from);
  const taken = copies(packets(source.broker.log(), "Sending PUBLISH to", source.bridge), topics.from);
  const forwarded = copies(packets(target.broker.log(), "Received PUBLISH from", target.bridge), topics.to);
  const recorded = copies(recorder.arrivals(), topics.to);
  return {
    published: [...published.keys()],
    recorded: [...recorded.keys()],
    excess: {
      firstBroker: excess(taken, published),
      bridge: excess(forwarded, taken),
      secondBroker: excess(recorded, forwarded),
    },
    repeats: excess(forwarded, published),
  };
}

/** By number; true for a copy with the DUP flag. */
type Copies = ReadonlyMap<number, readonly boolean[]>;

function copies(arrivals: readonly Arrival[], prefix: string): Copies {
  const found = new Map<number, boolean[]>();
  for (const { topic, dup } of arrivals) {
    if (!topic.startsWith(prefix)) continue;
    const number = Number(topic.slice(prefix.length));
    found.set(number, [...(found.get(number) ?? []), dup]);
  }
  return found;
}

function excess(after: Copies, before: Copies): number {
  const ofMessage = ([number, dups]: readonly [number, readonly boolean[]]) =>
    Math.max(0, dups.filter((dup) => !dup).length - (before.get(number)?.length ?? 0));
  return [...after].map(ofMessage).reduce((sum, one) => sum + one, 0);
}

/** The QoS 1 messages that a mosquitto exchanged with one of its clients, as its log tells. */
function packets(log: string, what: "Received PUBLISH from" | "Sending PUBLISH to", clientId: string): Arrival[] {
  const line = new RegExp(`: ${what} (\\S+) \\(d([01]), q1, r[01], m\\d+, '([^']+)'`, "g");
  return [...log.matchAll(line)].flatMap(([, client, dup, topic]) =>
    client === clientId && topic !== undefined ? [{ topic, dup: dup === "1" }] : [],
  );
}
