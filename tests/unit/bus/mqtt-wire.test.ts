import { expect, test } from "bun:test";
import { MqttClient } from "mqtt";
import { MQTT_JS_VERSION } from "../../../src/bus/mqtt-wire.ts";

test("this is the MQTT.js that the wire was written for: look at its `_sendPacket` before changing the number", () => {
  expect(String(MqttClient.VERSION)).toBe(MQTT_JS_VERSION);
});
