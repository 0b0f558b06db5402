import { connectAsync, type MqttClient } from "mqtt";
import { waitUntil } from "../system/world/wait-until.ts";

/** Child devices of the plant besides the root that they belong to. */
export const CHILDREN = 10_000;
export const FRAGMENTS = ["name", "type", "firmware", "location", "limits"] as const;
export const ROOT = "device/root//";

const AGENT_HEALTH = "te/device/main/service/tedge-agent/status/health";

/** Publications of the load generator that are not acknowledged yet. */
const WINDOW = 400;

/** The topic id of the nth child. */
export function childId(n: number): string {
  return `device/child-${String(n).padStart(5, "0")}//`;
}

/** Publishes the registrations of a root with 10,000 children, and `fragments` twin fragments of each child, all retained. */
export async function publishPlant(port: number, fragments: number): Promise<void> {
  const client = await connectAsync({ host: "127.0.0.1", port, protocol: "mqtt" });
  await publishAll(client, plant(fragments));
  await client.endAsync();
}

function* plant(fragments: number): Generator<readonly [topic: string, payload: string]> {
  yield [`te/${ROOT}`, '{"@type":"child-device"}'];
  for (let n = 0; n < CHILDREN; n += 1) {
    yield [`te/${childId(n)}`, `{"@type":"child-device","@parent":"${ROOT}"}`];
  }
  for (let n = 0; n < CHILDREN; n += 1) {
    for (const key of FRAGMENTS.slice(0, fragments)) yield [`te/${childId(n)}/twin/${key}`, fragmentOf(key, n)];
  }
}

/** What a device says of itself: two words, a firmware, a place, a few numbers. */
export function fragmentOf(key: (typeof FRAGMENTS)[number], n: number): string {
  const values = {
    name: `Valve ${n}`,
    type: "VLV-200",
    firmware: { name: "valve-fw", version: `2.${n % 7}.1` },
    location: { lat: 48.137 + n / 1e6, lng: 11.575 },
    limits: { low: n % 20, high: 90 },
  };
  return JSON.stringify(values[key]);
}

function publishAll(client: MqttClient, messages: Generator<readonly [string, string]>): Promise<void> {
  return new Promise((resolve, reject) => {
    let inflight = 0;
    const next = () => {
      while (inflight < WINDOW) {
        const message = messages.next();
        if (message.done === true) {
          if (inflight === 0) resolve();
          return;
        }
        inflight += 1;
        client.publish(message.value[0], message.value[1], { qos: 1, retain: true }, (thrown) => {
          if (thrown !== undefined && thrown !== null) return reject(thrown);
          inflight -= 1;
          next();
        });
      }
    };
    next();
  });
}

/** What a broker retains of the plant. */
export interface PlantWatch extends AsyncDisposable {
  /** Topics below `te/device/root//` and the children's with a retained message, as far as this client has heard. */
  readonly retained: ReadonlySet<string>;
  /** Resolves once so many topics are retained. */
  waitForCount(count: number, timeout: number): Promise<void>;
  readonly lastTopic: string;
  /** When the agent said for the first time that it is up, on the clock of `performance.now`. */
  readonly agentUpAt: number | undefined;
}

/** A client of QoS 0, which a broker does not hold up. It keeps up with the retained messages of the plant. */
export async function watchPlant(port: number): Promise<PlantWatch> {
  const client = await connectAsync({ host: "127.0.0.1", port, protocol: "mqtt" });
  const retained = new Set<string>();
  let lastTopic = "";
  let agentUpAt: number | undefined;
  client.on("message", (topic, payload) => {
    if (topic === AGENT_HEALTH) agentUpAt ??= performance.now();
    if (!topic.startsWith("te/device/child-") && !topic.startsWith("te/device/root/")) return;
    lastTopic = topic;
    if (payload.length === 0) retained.delete(topic);
    else retained.add(topic);
  });
  await client.subscribeAsync(["te/+/+/+/+", "te/+/+/+/+/+/#"], { qos: 0 });
  return {
    retained,
    get lastTopic() {
      return lastTopic;
    },
    get agentUpAt() {
      return agentUpAt;
    },
    waitForCount: async (count, timeout) => {
      await waitUntil(`${count} topics are retained`, () => retained.size === count, { timeout, interval: 1 });
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
