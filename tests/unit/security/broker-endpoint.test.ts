import { describe, expect, test } from "bun:test";
import { describeFault } from "../../../src/base/fault.ts";
import type { BrokerEndpoint } from "../../../src/bus/session.ts";
import { localBrokerEndpoint } from "../../../src/security/broker-endpoint.ts";
import { MY_DEVICE, MY_DEVICE_KEY } from "../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

const FILES = {
  "ca/ca.pem": MY_DEVICE,
  "cert.pem": MY_DEVICE,
  "key.pem": MY_DEVICE_KEY,
  password: "s3cret\r\nsecond line\n",
  "empty/x": "",
};

/** `auth` names files of the directory by the last part of their keys. */
async function endpointOf(auth: Record<string, string>, more: Record<string, string> = {}) {
  const directory = await ConfigDirectory.make(FILES);
  const files = Object.entries(auth).map(([key, name]) => [
    `TEDGE_MQTT_CLIENT_AUTH_${key.toUpperCase()}`,
    directory.file(name),
  ]);
  const warnings: string[] = [];
  const config = await directory.config({ ...Object.fromEntries(files), ...more });
  return { directory, warnings, endpoint: await localBrokerEndpoint(config, (text) => warnings.push(text)) };
}

async function faultOf(auth: Record<string, string>, more: Record<string, string> = {}): Promise<string> {
  const { directory, endpoint } = await endpointOf(auth, more);
  return endpoint.ok ? "accepted" : describeFault(endpoint.fault).replaceAll(directory.path, "<cfg>");
}

describe("the way to the local broker", () => {
  test("is plain by default", async () => {
    const { endpoint, warnings } = await endpointOf({});
    expect(endpoint).toEqual({ ok: true, value: { host: "127.0.0.1", port: 1883 } });
    expect(warnings).toEqual([]);
  });

  test("is encrypted with an authority to trust, named like the host, and fits the session", async () => {
    const { endpoint, warnings } = await endpointOf(
      { ca_dir: "ca", ca_file: "ca/ca.pem", cert_file: "cert.pem", key_file: "key.pem" },
      { TEDGE_MQTT_CLIENT_HOST: "broker", TEDGE_MQTT_CLIENT_PORT: "8883" },
    );
    const value: BrokerEndpoint | undefined = endpoint.ok ? endpoint.value : undefined;
    expect(value?.tls).toMatchObject({ cert: MY_DEVICE, key: MY_DEVICE_KEY, serverName: "broker" });
    expect(value?.tls?.ca?.length).toBe(1);
    expect(warnings).toEqual([]);
  });

  test("takes the user and the first line of the password file", async () => {
    const { endpoint } = await endpointOf({ password_file: "password" }, { TEDGE_MQTT_CLIENT_AUTH_USERNAME: "me" });
    expect(endpoint.ok && endpoint.value.credentials).toEqual({ username: "me", password: "s3cret" });
    const alone = await endpointOf({}, { TEDGE_MQTT_CLIENT_AUTH_USERNAME: "me" });
    expect(alone.endpoint.ok && alone.endpoint.value.credentials).toEqual({ username: "me" });
    const nobody = await endpointOf({ password_file: "gone" });
    expect(nobody.endpoint.ok && nobody.endpoint.value.credentials).toBeUndefined();
  });

  test("warns of TLS on the plain port, of none on the other, and of a certificate without TLS", async () => {
    expect((await endpointOf({ ca_file: "ca/ca.pem" })).warnings).toEqual([
      "TLS is used on port 1883, which normally is without TLS",
    ]);
    const plain = await endpointOf({ cert_file: "cert.pem", key_file: "key.pem" }, { TEDGE_MQTT_CLIENT_PORT: "8883" });
    expect(plain.warnings).toEqual([
      "TLS is not used on port 8883, which normally is with TLS",
      "The client certificate for the local broker is not used, since no mqtt.client.auth.ca_file or ca_dir is set",
    ]);
    expect(plain.endpoint.ok && plain.endpoint.value.tls).toBeUndefined();
  });

  test("is a fault when a file cannot be read, or half a pair is missing", async () => {
    expect(await faultOf({ ca_file: "gone" })).toBe(
      "Invalid 'mqtt.client.auth.ca_file': failed to read from path <cfg>/gone: No such file or directory (os error 2)",
    );
    expect(await faultOf({ ca_dir: "gone" })).toStartWith(
      "Invalid 'mqtt.client.auth.ca_dir': failed to read from path <cfg>/gone",
    );
    expect(await faultOf({ ca_dir: "empty" })).toBe(
      "Invalid 'mqtt.client.auth.ca_dir': no certificate found in <cfg>/empty",
    );
    expect(await faultOf({ ca_file: "ca/ca.pem", key_file: "key.pem" })).toBe(
      'The thin-edge configuration is invalid. The settings ["mqtt.client.auth.cert_file", "mqtt.client.auth.key_file"] must either all be configured, or all unset. ' +
        'Currently ["mqtt.client.auth.key_file"] are set, and ["mqtt.client.auth.cert_file"] are unset.',
    );
    expect(await faultOf({ ca_file: "ca/ca.pem", cert_file: "cert.pem", key_file: "gone" })).toStartWith(
      "Invalid 'mqtt.client.auth.key_file': failed to read from path <cfg>/gone",
    );
    expect(await faultOf({ password_file: "gone" }, { TEDGE_MQTT_CLIENT_AUTH_USERNAME: "me" })).toStartWith(
      "Invalid 'mqtt.client.auth.password_file': failed to read from path <cfg>/gone",
    );
  });
});
