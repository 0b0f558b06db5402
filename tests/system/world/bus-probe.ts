import { connectAsync, type MqttClient } from "mqtt";
import { waitUntil } from "./wait-until.ts";

/** A message that the probe received. */
export interface SeenMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

/** A client of the bus that belongs to the test: it listens, remembers, and publishes. It connects again by itself. */
export interface BusProbe extends AsyncDisposable {
  /** All messages so far, in order of arrival. */
  readonly messages: readonly SeenMessage[];
  /** The first message (already seen or to come) that `matches` selects. `what` is for the error text. */
  waitFor(what: string, matches: (message: SeenMessage) => boolean, timeout?: number): Promise<SeenMessage>;
  /** QoS 1; resolves with the PUBACK. */
  publish(topic: string, payload: string, options?: { readonly retain?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** Connects to the broker on 127.0.0.1 and subscribes to `filters` (QoS 1); resolves with the SUBACK. */
export async function connectProbe(port: number, filters: readonly string[] = ["#"]): Promise<BusProbe> {
  const client: MqttClient = await connectAsync({ host: "127.0.0.1", port, protocol: "mqtt", reconnectPeriod: 50 });
  const messages: SeenMessage[] = [];
  client.on("error", () => undefined);
  client.on("message", (topic, payload, packet) => {
    messages.push({ topic, payload: payload.toString(), retain: packet.retain, qos: packet.qos });
  });
  await client.subscribeAsync([...filters], { qos: 1 });
  const close = () => client.endAsync(true);
  return {
    messages,
    waitFor: (what, matches, timeout = 10_000) => waitUntil(what, () => messages.find(matches), { timeout }),
    publish: async (topic, payload, options) => {
      await client.publishAsync(topic, payload, { qos: 1, retain: options?.retain ?? false });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
