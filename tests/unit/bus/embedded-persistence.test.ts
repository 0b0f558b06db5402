import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connectAsync, type MqttClient } from "mqtt";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../../src/bus/embedded-broker.ts";

let broker: EmbeddedBroker;
const clients: MqttClient[] = [];

beforeEach(async () => {
  broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
  await broker.stop();
});

/** Connects and gives what is received until `count` messages are in. */
async function connect(clientId: string, filters: readonly string[]) {
  const seen: string[] = [];
  const client = await connectAsync({
    host: "127.0.0.1",
    port: broker.port,
    clientId,
    clean: false,
    reconnectPeriod: 0,
  });
  clients.push(client);
  const waiting: { count: number; done: () => void }[] = [];
  client.on("message", (topic, payload) => {
    seen.push(`${topic} ${payload}`);
    for (const { count, done } of waiting) if (seen.length >= count) done();
  });
  for (const filter of filters) await client.subscribeAsync(filter, { qos: 1 });
  const received = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      const done = () => resolve(seen);
      waiting.push({ count, done });
      if (seen.length >= count) done();
    });
  return { client, received };
}

describe("the embedded broker, on topics of the bus, which have empty levels", () => {
  test("keeps messages for a session whose client is away", async () => {
    const away = await connect("away", ["te/+/+/+/+/m/+"]);
    await away.client.endAsync();
    const { client } = await connect("publisher", []);
    await client.publishAsync("te/device/main///m/env", "1", { qos: 1 });
    const back = await connect("away", []);
    expect(await back.received(1)).toEqual(["te/device/main///m/env 1"]);
  });

  test("gives retained messages to a new subscription", async () => {
    const { client } = await connect("publisher", []);
    await client.publishAsync("te/device/main//", "{}", { qos: 1, retain: true });
    await client.publishAsync("other", "{}", { qos: 1, retain: true });
    const { received } = await connect("late", ["te/+/+/+/+"]);
    expect(await received(1)).toEqual(["te/device/main// {}"]);
  });

  test("delivers each message of a burst once to a session with overlapping filters", async () => {
    const { received } = await connect("overlapping", ["te/+/+/+/+/m/+", "te/device/main///#"]);
    const { client } = await connect("publisher", []);
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    await Promise.all(numbers.map((number) => client.publishAsync("te/device/main///m/n", `${number}`, { qos: 1 })));
    const expected = numbers.map((number) => `te/device/main///m/n ${number}`);
    expect(await received(numbers.length)).toEqual(expected);
  });
});
