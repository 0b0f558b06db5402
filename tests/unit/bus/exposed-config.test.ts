import { describe, expect, test } from "bun:test";
import { MAIN_DEVICE, serviceId } from "../../../src/bus/entity-id.ts";
import { exposedConfig } from "../../../src/bus/exposed-config.ts";
import { cleared, type Message, payloadText, retained } from "../../../src/bus/message.ts";
import { topicSchema } from "../../../src/bus/topic.ts";

const TOPIC = "te/device/main/service/tedge-agent/config";

function configOf() {
  const published: Message[] = [];
  const participant = exposedConfig({
    schema: topicSchema("te"),
    service: serviceId(MAIN_DEVICE, "tedge-agent"),
    document: { "mqtt.client.port": 1883, "device.id": "d1", "http.on": true },
    publish: async (message) => {
      published.push(message);
      return "delivered";
    },
  });
  const receive = (message: Message) => participant.receive({ ...message, dup: false });
  const connect = (first: boolean, sessionPresent: boolean) => participant.connected?.({ first, sessionPresent });
  return { participant, published, receive, connect };
}

describe("the exposed configuration", () => {
  test("is one retained JSON object, published at the start", async () => {
    const { published, connect } = configOf();
    await connect(true, true);
    expect(published).toEqual([retained(TOPIC, '{"device.id":"d1","http.on":true,"mqtt.client.port":1883}')]);
  });

  test("is published again to a broker that lost the session, and only then", async () => {
    const { published, connect } = configOf();
    await connect(false, true);
    expect(published).toEqual([]);
    await connect(false, false);
    expect(published).toHaveLength(1);
  });

  test.each(["", "{}", "no JSON", "null", '{"device.id":"d2","http.on":true,"mqtt.client.port":1883}'])(
    "corrects %j",
    async (payload) => {
      const { published, receive } = configOf();
      await receive(payload === "" ? cleared(TOPIC) : retained(TOPIC, payload));
      expect(published.map(payloadText)).toEqual(['{"device.id":"d1","http.on":true,"mqtt.client.port":1883}']);
    },
  );

  test("corrects what is not even text", async () => {
    const { published, receive } = configOf();
    await receive({ ...cleared(TOPIC), payload: Uint8Array.of(0xff) });
    expect(published).toHaveLength(1);
  });

  test("leaves alone what is equal as JSON, so that its own echo does not start a circle", async () => {
    const { published, receive, connect } = configOf();
    await connect(true, false);
    await receive(published[0] ?? cleared(TOPIC));
    await receive(retained(TOPIC, ' { "mqtt.client.port" : 1883, "http.on": true, "device.id": "d1" }\0'));
    expect(published).toHaveLength(1);
  });

  test("listens to its own topic only", () => {
    expect(configOf().participant.subscriptions).toEqual([{ filter: TOPIC, qos: 1 }]);
  });
});
