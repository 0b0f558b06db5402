import { describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { parseToml } from "../../../src/base/toml.ts";
import { migrateTedgeToml } from "../../../src/config/migrate.ts";
import { valueAt } from "../../../src/config/toml-edit.ts";
import { ConfigDirectory, removeConfigDirectories } from "./config-directory.ts";

removeConfigDirectories();

function migrated(text: string): string {
  const result = migrateTedgeToml(text);
  return result.ok ? result.value : `${result.fault.code}: ${result.fault.message}`;
}

describe("a tedge.toml of version 1", () => {
  test("gets the names of version 2, and keeps comments, unknown keys and spelling", () => {
    const text = `# banner
[mqtt] # of old
port = 1_883 # the port
  client_ca_file = '/ca'   # trust
foo = 1

[mqtt.client_auth]
# the pair
cert_file = "/c"
key_file = "/k"

[az]
mapper_timestamp = false
`;
    expect(migrated(text)).toBe(`# banner
[mqtt] # of old
bind.port = 1_883 # the port
  client.auth.ca_file = '/ca'   # trust
  client.auth.cert_file = "/c"
  client.auth.key_file = "/k"
foo = 1

[mqtt.client_auth]
# the pair

[az]
mapper.timestamp = false

[config]
version = "2"
`);
  });

  test.each([
    ["mqtt.port", "mqtt.bind.port"],
    ["mqtt.bind_address", "mqtt.bind.address"],
    ["mqtt.client_host", "mqtt.client.host"],
    ["mqtt.client_port", "mqtt.client.port"],
    ["mqtt.client_ca_file", "mqtt.client.auth.ca_file"],
    ["mqtt.client_ca_path", "mqtt.client.auth.ca_dir"],
    ["mqtt.client_auth.cert_file", "mqtt.client.auth.cert_file"],
    ["mqtt.client_auth.key_file", "mqtt.client.auth.key_file"],
    ["mqtt.external_port", "mqtt.external.bind.port"],
    ["mqtt.external_bind_address", "mqtt.external.bind.address"],
    ["mqtt.external_bind_interface", "mqtt.external.bind.interface"],
    ["mqtt.external_capath", "mqtt.external.ca_path"],
    ["mqtt.external_certfile", "mqtt.external.cert_file"],
    ["mqtt.external_keyfile", "mqtt.external.key_file"],
    ["az.mapper_timestamp", "az.mapper.timestamp"],
    ["aws.mapper_timestamp", "aws.mapper.timestamp"],
    ["http.port", "http.bind.port"],
    ["http.bind_address", "http.bind.address"],
    ["software.default_plugin_type", "software.plugin.default"],
    ["firmware.child_update_timeout", "firmware.child.update.timeout"],
    ["c8y.smartrest_templates", "c8y.smartrest.templates"],
    ["apt.dpk.options.config", "apt.dpkg.options.config"],
  ])("has %s moved to %s, in whichever way tables are written", (from, to) => {
    const nested = (key: string) =>
      key
        .split(".")
        .reverse()
        .reduce<unknown>((value, part) => ({ [part]: value }), "v");
    const [group, ...rest] = from.split(".");
    for (const text of [
      `${from} = "v"`,
      `[${group}]\n${rest.join(".")} = "v"`,
      `${group} = { ${rest.join(".")} = "v" }`,
    ]) {
      const result = parseToml(migrated(text));
      expect(result.ok && result.value).toMatchObject({ ...(nested(to) as object), config: { version: "2" } });
      expect(result.ok && valueAt(result.value, from.split("."))).toBeUndefined();
    }
  });

  test("that has both names of a key is refused", () => {
    expect(migrated("mqtt.port = 1\nmqtt.bind.port = 2\n")).toBe(
      "cannot-migrate: Cannot migrate 'mqtt.port' to 'mqtt.bind.port': target key already exists. Please manually remove one of them from tedge.toml.",
    );
  });

  test("whose new table stands already below a header of its own is moved there", () => {
    expect(migrated('[mqtt]\nport = 5 # five\n\n[mqtt.bind]\naddress = "::1"\n')).toBe(
      '[mqtt.bind]\naddress = "::1"\nport = 5 # five\n\n[config]\nversion = "2"\n',
    );
  });

  test("that is empty becomes just the version", () => {
    expect(migrated("")).toBe('[config]\nversion = "2"\n');
  });
});

test("version 2 is left as it is, and any other version is refused", () => {
  const text = '# hi\n[config]\nversion = "2"\n[mqtt]\nport = 5\n';
  expect(migrated(text)).toBe(text);
  expect(migrated('config.version = "3"')).toBe("unknown-version: Unknown tedge.toml version: 3");
});

test("loading stores the migrated file, with mode 0644, and does so once", async () => {
  const directory = await ConfigDirectory.make({ "tedge.toml": "mqtt.port = 5\n" });
  expect((await directory.config()).get("mqtt.bind.port")).toBe(5);
  const text = await directory.read("tedge.toml");
  expect(text).toBe('mqtt.bind.port = 5\n\n[config]\nversion = "2"\n');
  const { ino, mode } = await stat(directory.file("tedge.toml"));
  expect(mode & 0o777).toBe(0o644);
  await directory.config();
  expect((await stat(directory.file("tedge.toml"))).ino).toBe(ino);
  expect(directory.warnings).toEqual([]);
});
