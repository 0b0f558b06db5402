import { describe, expect, test } from "bun:test";
import { addressName } from "../../../src/config/key-address.ts";
import { deprecationWarning, parseKey } from "../../../src/config/parse-key.ts";

function named(text: string): string {
  const parsed = parseKey(text);
  if (!parsed.ok) return `${parsed.fault.code}: ${parsed.fault.message}`;
  return `${addressName(parsed.value.address)}${parsed.value.deprecated ? " (deprecated)" : ""}`;
}

describe("a key", () => {
  test.each([
    ["mqtt.bind.port", "mqtt.bind.port"],
    ["mqtt_bind_port", "mqtt.bind.port (deprecated)"],
    ["device.key.path", "device.key_path (deprecated)"],
    ["c8y.url", "c8y.url"],
    ["c8y_url", "c8y.url (deprecated)"],
    ["c8y.profiles.prod.url", "c8y.profiles.prod.url"],
    ["c8y.profiles.Prod.url", "c8y.profiles.prod.url"],
    ["c8y_profiles_prod_url", "c8y.profiles.prod.url (deprecated)"],
    ["c8y_profiles_my_prod_device_id", "c8y.profiles.my_prod.device.id (deprecated)"],
    ["c8y_profiles_a_mqtt_service_topics", "c8y.profiles.a.mqtt_service.topics (deprecated)"],
    ["az.profiles.a_b.bridge.topic_prefix", "az.profiles.a_b.bridge.topic_prefix"],
  ])("%s is %s", (text, expected) => {
    expect(named(text)).toBe(expected);
  });

  test.each([
    ["mqtt.port", "mqtt.bind.port"],
    ["mqtt.bind_address", "mqtt.bind.address"],
    ["mqtt.client_host", "mqtt.client.host"],
    ["mqtt.client_port", "mqtt.client.port"],
    ["mqtt.client.auth.cafile", "mqtt.client.auth.ca_file"],
    ["mqtt.client.auth.cadir", "mqtt.client.auth.ca_dir"],
    ["mqtt.client.auth.certfile", "mqtt.client.auth.cert_file"],
    ["mqtt.client.auth.keyfile", "mqtt.client.auth.key_file"],
    ["mqtt.external.port", "mqtt.external.bind.port"],
    ["mqtt.external.capath", "mqtt.external.ca_path"],
    ["mqtt.external.certfile", "mqtt.external.cert_file"],
    ["mqtt.external.keyfile", "mqtt.external.key_file"],
    ["http.port", "http.bind.port"],
    ["http.address", "http.bind.address"],
    ["azure.url", "az.url"],
    ["azure.profiles.p.url", "az.profiles.p.url"],
    ["c8y.enable.log_management", "c8y.enable.log_upload"],
    ["c8y.profiles.p.enable.log_management", "c8y.profiles.p.enable.log_upload"],
    ["apt.dpk.options.config", "apt.dpkg.options.config"],
  ])("%s is the former name of %s", (text, expected) => {
    expect(named(text)).toBe(`${expected} (deprecated)`);
  });

  test("of the entity store of a cloud is the cloud's own, not the agent's", () => {
    expect(named("c8y.entity_store.clean_start")).toBe("c8y.entity_store.clean_start");
  });

  test.each(["nope", "", "c8y", "c8y.nope", "c8y.profiles.url", "config.version", "MQTT.PORT", "c8y.profiles.p.nope"])(
    "%p is unknown",
    (text) => {
      expect(named(text)).toBe(`unknown-key: Unknown tedge config key: '${text}'`);
    },
  );

  test("that is unknown but nearly right comes with the right one", () => {
    const parsed = parseKey("c8y.urll");
    expect(parsed.ok ? undefined : parsed.fault.detail).toEqual({ nearest: "c8y.url" });
    const far = parseKey("something.else.entirely");
    expect(far.ok ? undefined : far.fault.detail).toBeUndefined();
  });

  test.each([
    ["c8y.profiles.a b.url", "Profile names can only contain letters, numbers, `-` or `_`"],
    ["c8y.profiles..url", "Profile names cannot be empty"],
    ["c8y.profiles._-.url", "Profile names must contain at least one letter or number"],
  ])("%p has no profile name: %s", (text, reason) => {
    expect(named(text)).toBe(`invalid-profile-name: ${reason}`);
  });

  test("in a loose or former spelling is warned about with the one to use", () => {
    const parsed = parseKey("mqtt.port");
    expect(parsed.ok && deprecationWarning("mqtt.port", parsed.value.address)).toBe(
      "The key 'mqtt.port' is deprecated. Use 'mqtt.bind.port' instead.",
    );
  });
});
