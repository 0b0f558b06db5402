import { describe, expect, test } from "bun:test";
import { addressName, environmentName, type KeyAddress, settingOf } from "../../../src/config/key-address.ts";
import { parseKey } from "../../../src/config/parse-key.ts";
import { CLOUDS, cloudSettings, keysAfterClouds, keysBeforeClouds, mainSettings } from "../../../src/config/table.ts";

const addresses: KeyAddress[] = [
  ...[...mainSettings().keys()].map((key): KeyAddress => ({ scope: "main", key })),
  ...CLOUDS.flatMap((cloud) =>
    [...cloudSettings(cloud).keys()].map((key): KeyAddress => ({ scope: "cloud", cloud, profile: undefined, key })),
  ),
];

describe("every row of the table", () => {
  test.each(addresses.map((address) => [addressName(address), address] as const))(
    "%s can be named with dots and with underscores, and has a sentence and sound examples",
    (name, address) => {
      expect(parseKey(name)).toEqual({ ok: true, value: { address, deprecated: false } });
      expect(parseKey(name.replaceAll(".", "_"))).toMatchObject({ ok: true, value: { address } });
      const { doc, examples, type, presence } = settingOf(address);
      expect(doc).toMatch(/^[A-Z].*[^.]$/);
      for (const example of examples) expect(type.parse(example).ok).toBe(true);
      expect(settingOf(address).default === undefined).toBe(presence === "maybe");
    },
  );

  test("has an environment variable of its own", () => {
    expect(new Set(addresses.map(environmentName)).size).toBe(addresses.length);
    expect(environmentName({ scope: "cloud", cloud: "c8y", profile: "p", key: "bridge.topic_prefix" })).toBe(
      "TEDGE_C8Y_PROFILES_P_BRIDGE_TOPIC_PREFIX",
    );
  });

  test("no former name is the present name of something else", () => {
    for (const address of addresses) {
      for (const alias of settingOf(address).aliases ?? []) {
        const name = address.scope === "main" ? alias : `${address.cloud}.${alias}`;
        expect(parseKey(name)).toMatchObject({ ok: true, value: { address } });
      }
    }
  });
});

describe("the order of the table", () => {
  const groupsOf = (keys: readonly string[]) => [...new Set(keys.map((key) => key.split(".")[0] ?? ""))];

  test("has the groups that scripts expect", () => {
    expect([...groupsOf(keysBeforeClouds()), ...CLOUDS, ...groupsOf(keysAfterClouds())].join(" ")).toBe(
      "device certificate c8y az aws mqtt http files agent software run logs tmp data firmware service apt sudo proxy diag log configuration flows",
    );
  });

  test("has the fields of each group before its sub-groups, and each group in one piece", () => {
    const check = (keys: readonly string[][]) => {
      const firsts = keys.map(([first = ""]) => first);
      const leaves = keys.map((key) => key.length === 1);
      expect(leaves).toEqual([...leaves].sort((left, right) => Number(right) - Number(left)));
      expect(firsts.filter((first, index) => first !== firsts[index - 1]).length).toBe(new Set(firsts).size);
      for (const first of new Set(firsts)) {
        const below = keys.filter((key) => key[0] === first && key.length > 1).map((key) => key.slice(1));
        if (below.length > 0) check(below);
      }
    };
    for (const keys of [
      keysBeforeClouds(),
      keysAfterClouds(),
      ...CLOUDS.map((cloud) => [...cloudSettings(cloud).keys()]),
    ]) {
      check(keys.map((key) => key.split(".")));
    }
  });
});

test("what is exposed is what other services may know", () => {
  const exposed = addresses.filter((address) => settingOf(address).exposed === true).map(addressName);
  expect(exposed.filter((name) => !/^(c8y|az|aws)\./.test(name)).sort()).toEqual([
    "agent.enable.config_snapshot",
    "agent.enable.config_update",
    "agent.enable.log_upload",
    "agent.entity_store.auto_register",
    "device.id",
    "device.type",
    "http.client.host",
    "http.client.port",
    "mqtt.client.host",
    "mqtt.client.port",
    "mqtt.device_topic_id",
    "mqtt.topic_root",
  ]);
  expect(exposed.filter((name) => name.startsWith("az.")).sort()).toEqual([
    "az.bridge.topic_prefix",
    "az.device.id",
    "az.mapper.mqtt.max_payload_size",
    "az.topics",
    "az.url",
  ]);
  expect(exposed.filter((name) => name.startsWith("c8y.")).length).toBe(21);
  for (const address of addresses) {
    const { secret, exposed: shown } = settingOf(address);
    expect(secret === true && shown === true).toBe(false);
  }
});
