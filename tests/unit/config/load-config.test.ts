import { describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { describeFault } from "../../../src/base/fault.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "./config-directory.ts";

removeConfigDirectories();

describe("an effective value", () => {
  test("comes from the environment before the file before the default", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo("mqtt.bind.port = 11\nhttp.bind.port = 12\n"),
    });
    const config = await directory.config({ TEDGE_MQTT_BIND_PORT: "10" });
    const ports = [config.get("mqtt.bind.port"), config.get("http.bind.port"), config.get("http.client.port")];
    expect(ports).toEqual([10, 12, 8000]);
    const origin = (key: string) => {
      const read = config.read({ scope: "main", key });
      return read.ok ? read.value?.origin : undefined;
    };
    expect(origin("mqtt.bind.port")).toEqual({ kind: "environment", variable: "TEDGE_MQTT_BIND_PORT" });
    expect(origin("http.bind.port")).toEqual({ kind: "file", path: directory.file("tedge.toml") });
    expect(origin("http.client.port")).toEqual({ kind: "default" });
  });

  test("of the command line wins over the environment, in the exposed document too", async () => {
    const directory = await ConfigDirectory.make();
    const config = await directory.config({ TEDGE_MQTT_TOPIC_ROOT: "env" }, { "mqtt.topic_root": "cli" });
    expect(config.exposed()["mqtt.topic_root"]).toBe("cli");
    const refused = await directory.load({}, { "mqtt.device_topic_id": "a/b/c/d/e" });
    expect(refused.ok ? "" : describeFault(refused.fault)).toContain("at most 4 segments");
  });

  test("may default to another one, also to one of the same profile", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo(
        '[mqtt]\nbind.port = 1884\nexternal.bind.address = "10.0.0.1"\n[c8y.profiles.p]\nurl = "p.example"\nproxy.bind.port = 8002\n',
      ),
    });
    const config = await directory.config();
    expect([config.get("mqtt.client.port"), config.get("http.bind.address")]).toEqual([1884, "10.0.0.1"]);
    const profile = config.profile("c8y", "p");
    expect(profile.ok && [profile.value.get("proxy.client.port"), profile.value.text("mqtt")]).toEqual([
      8002,
      "p.example:8883",
    ]);
    expect(config.cloud("c8y").get("http")).toBeUndefined();
    expect(config.cloud("c8y").get("proxy.client.port")).toBe(8001);
  });

  test("of proxy.no_proxy defaults to the environment's", async () => {
    const config = await (await ConfigDirectory.make()).config({ no_proxy: "a.b" });
    expect(config.get("proxy.no_proxy")).toBe("a.b");
  });

  test("that cannot be done without is a fault which names the key", async () => {
    const config = await (await ConfigDirectory.make()).config();
    const url = config.cloud("c8y").require("url");
    expect(url.ok ? "" : url.fault.message).toBe("The provided config key: 'c8y.url' is not set");
    expect(config.require("mqtt.client.port")).toEqual({ ok: true, value: 1883 });
  });
});

describe("the environment", () => {
  test("that is empty takes back what the file says, even for a profile that does not exist", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("mqtt.bind.port = 11\n") });
    const config = await directory.config({ TEDGE_MQTT_BIND_PORT: "", TEDGE_C8Y_PROFILES_X_URL: "" });
    expect(config.get("mqtt.bind.port")).toBe(1883);
    expect(config.profiles("c8y")).toEqual([]);
  });

  test("may hold TOML strings and arrays, and else what a person types", async () => {
    const config = await (await ConfigDirectory.make()).config({
      TEDGE_C8Y_TOPICS: '["a,b", "c"]',
      TEDGE_AZ_TOPICS: "a,b",
      TEDGE_C8Y_URL: '"x.example"',
      TEDGE_LOGS_MAX_PER_OPERATION: '["*:2"]',
      TEDGE_DEVICE_TYPE: "[not toml",
    });
    expect(config.cloud("c8y").get("topics")).toEqual(["a,b", "c"]);
    expect(config.cloud("az").get("topics")).toEqual(["a", "b"]);
    expect(config.cloud("c8y").get("url")).toBe("x.example");
    expect(config.text("logs.max_per_operation")).toBe("[*:2]");
    expect(config.get("device.type")).toBe("[not toml");
  });

  test("that cannot be read names key, value and variable", async () => {
    const directory = await ConfigDirectory.make();
    expect(await directory.loadFault({ TEDGE_MQTT_BIND_PORT: "x" })).toBe(
      'Failed to set value for mqtt.bind.port to "x" from environment variable TEDGE_MQTT_BIND_PORT: invalid digit found in string',
    );
  });

  test("with unknown names is warned about, but for the two that are no settings", async () => {
    const directory = await ConfigDirectory.make();
    await directory.config({
      TEDGE_C8Y_PROFILES_TEST_FOO: "1",
      TEDGE_CONFIG_DIR: "/x",
      TEDGE_CLOUD_PROFILE: "p",
      PATH: "/",
    });
    expect(directory.warnings).toEqual([
      'Unknown configuration field "c8y_profiles_test_foo" from environment variable TEDGE_C8Y_PROFILES_TEST_FOO',
    ]);
  });

  test("knows former names, but the present one counts", async () => {
    const directory = await ConfigDirectory.make();
    const config = await directory.config({
      TEDGE_MQTT_BIND_PORT: "1",
      TEDGE_MQTT_PORT: "2",
      TEDGE_AZURE_URL: "x.example",
    });
    expect([config.get("mqtt.bind.port"), config.cloud("az").get("url")]).toEqual([1, "x.example"]);
    expect(directory.warnings).toEqual([
      "The key 'mqtt_port' is deprecated. Use 'mqtt.bind.port' instead.",
      "The key 'azure_url' is deprecated. Use 'az.url' instead.",
    ]);
  });

  test("makes a profile, and wins over a mapper file", async () => {
    const directory = await ConfigDirectory.make({ "mappers/az/mapper.toml": 'url = "file.example"\n' });
    const config = await directory.config({ TEDGE_AZ_URL: "env.example", TEDGE_AZ_PROFILES_P_URL: "p.example" });
    expect(config.cloud("az").get("url")).toBe("env.example");
    expect(config.profiles("az")).toEqual(["p"]);
  });
});

describe("tedge.toml", () => {
  test("may use tables, dotted keys and former names", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('mqtt.port = 5\n[mqtt.client]\nhost = "h"\n[azure]\nurl = "x.example"\n'),
    });
    const config = await directory.config();
    expect([config.get("mqtt.bind.port"), config.get("mqtt.client.host"), config.cloud("az").get("url")]).toEqual([
      5,
      "h",
      "x.example",
    ]);
    expect(directory.warnings).toEqual([
      "The key 'mqtt.port' is deprecated. Use 'mqtt.bind.port' instead.",
      "The key 'azure.url' is deprecated. Use 'az.url' instead.",
    ]);
  });

  test("with unknown keys in tables is warned about by dotted name", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": `scalar = 1\n${versionTwo("[foo]\nbar = 1\n[c8y.profiles.p]\nfoo = 1\n")}`,
    });
    await directory.config();
    const path = directory.file("tedge.toml");
    expect(directory.warnings).toEqual([
      `Unknown configuration field "foo.bar" from toml file ${path}`,
      `Unknown configuration field "c8y.profiles.p.foo" from toml file ${path}`,
    ]);
  });

  test("with a value where a table of settings belongs is warned about", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": `mqtt = 5\nc8y = "x"\n${versionTwo("")}` });
    await directory.config();
    const path = directory.file("tedge.toml");
    expect(directory.warnings).toEqual([
      `"mqtt" in toml file ${path} is ignored: it has to be a table of settings, such as [mqtt]`,
      `"c8y" in toml file ${path} is ignored: it has to be a table of settings, such as [c8y]`,
    ]);
  });

  test("with a syntax error is refused with file, line and column", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": "[mqtt]\nbind.port = = 5\n" });
    const loaded = await directory.load();
    expect(loaded.ok ? undefined : loaded.fault).toMatchObject({
      code: "invalid-config",
      detail: { file: directory.file("tedge.toml"), line: 2 },
    });
    expect(await directory.loadFault()).toContain("TOML parse error at line 2, column ");
  });

  test("with a value that its key cannot have is refused with file, line, column and key", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('[mqtt.bind]\naddress = "127.0.0.1"\nport = "many"\n'),
    });
    const loaded = await directory.load();
    expect(loaded.ok ? undefined : loaded.fault).toMatchObject({
      detail: { file: directory.file("tedge.toml"), line: 4, column: 8, key: "mqtt.bind.port" },
    });
    expect(await directory.loadFault()).toContain(
      "TOML parse error at line 4, column 8: invalid value for 'mqtt.bind.port'",
    );
  });

  test("that cannot be read counts as empty, with a warning", async () => {
    const directory = await ConfigDirectory.make();
    await mkdir(directory.file("tedge.toml"));
    const config = await directory.config();
    expect(config.get("mqtt.bind.port")).toBe(1883);
    expect(directory.warnings).toEqual([
      `failed to read ${directory.file("tedge.toml")}: Is a directory (os error 21); going on as if it were empty`,
    ]);
  });

  test("that is missing is not made by reading", async () => {
    const directory = await ConfigDirectory.make();
    await directory.config();
    expect(await directory.read("tedge.toml")).toBeUndefined();
  });
});

describe("the settings of a cloud", () => {
  test("come from mapper files only, once there is one, and what is left in tedge.toml is warned about", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('[c8y]\nurl = "old.example"\nmqtt = 5\n[az]\nurl = "az.example"\n'),
      "mappers/c8y.prod/mapper.toml": 'cloud_type = "c8y"\nurl = "prod.example"\nbridge.topic_prefix = "c8y-prod"\n',
    });
    const config = await directory.config();
    expect(config.cloud("c8y").get("url")).toBeUndefined();
    const prod = config.profile("c8y", "prod");
    expect(prod.ok && [prod.value.get("url"), prod.value.get("bridge.topic_prefix")]).toEqual([
      "prod.example",
      "c8y-prod",
    ]);
    expect(config.cloud("az").get("url")).toBe("az.example");
    expect([config.source("c8y"), config.source("az")]).toEqual(["mapper-files", "tedge-toml"]);
    expect(directory.warnings).toEqual([
      `c8y configuration found in \`tedge.toml\`, but this will be ignored in favour of configuration in ${directory.file("mappers/c8y.prod/mapper.toml")}`,
    ]);
    const missing = config.profile("c8y", "x");
    expect(missing.ok ? "" : missing.fault.message).toBe("C8y profile 'x' not found");
  });

  test("come from tedge.toml for all clouds, once it has a section of any, and else go to new files", async () => {
    const directory = await ConfigDirectory.make({ "mappers/c8y/flows/x.toml": "" });
    expect((await directory.config()).source("c8y")).toBe("new-mapper-files");
    await directory.write("tedge.toml", versionTwo('[aws]\nurl = "x.example"\n'));
    const config = await directory.config();
    expect(config.source("c8y")).toBe("tedge-toml");
    const missing = config.profile("aws", "x");
    expect(missing.ok ? "" : missing.fault.message).toBe("Unknown profile `x` for the multi-profile property aws");
  });

  test("inherit nothing in a profile but the schema's defaults", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('[c8y]\nurl = "x.example"\nbridge.topic_prefix = "mine"\n[c8y.profiles.Prod]\n'),
    });
    const profile = (await directory.config()).profile("c8y", "prod");
    expect(profile.ok && [profile.value.get("url"), profile.value.get("bridge.topic_prefix")]).toEqual([
      undefined,
      "c8y",
    ]);
  });

  test("in a mapper file may have any further keys, but a likely slip of the pen is warned about", async () => {
    const directory = await ConfigDirectory.make({
      "mappers/c8y/mapper.toml": 'urll = "x.example"\n[mine]\nanything = 1\n',
    });
    await directory.config();
    expect(directory.warnings).toEqual([
      `Unknown configuration field "urll" from toml file ${directory.file("mappers/c8y/mapper.toml")}; did you mean "url"?`,
    ]);
  });

  test("in a broken mapper file are refused with the place", async () => {
    const directory = await ConfigDirectory.make({ "mappers/az/mapper.toml": "url = 5\n" });
    expect(await directory.loadFault()).toContain("line 1, column 7: invalid value for 'az.url'");
  });

  test("cannot be told when the directory of mappers cannot be read", async () => {
    const directory = await ConfigDirectory.make();
    await symlink("mappers", directory.file("mappers"));
    expect(await directory.loadFault()).toStartWith(
      `failed to read ${directory.file("mappers")}: Too many levels of symbolic links`,
    );
  });
});

test("the document of a mapper has the keys of its own section, sorted, as JSON, unset ones left out", async () => {
  const directory = await ConfigDirectory.make({
    "tedge.toml": versionTwo('[az]\nurl = "x.example"\n[az.profiles.p]\nurl = "p.example"\ntopics = ["a"]\n'),
  });
  const profile = (await directory.config()).profile("az", "p");
  expect(profile.ok && JSON.stringify(profile.value.exposed())).toBe(
    '{"bridge.topic_prefix":"az","mapper.mqtt.max_payload_size":262144,"topics":["a"],"url":"p.example"}',
  );
});

test("the whole list has profiles behind their cloud", async () => {
  const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('[az.profiles.p]\nurl = "p.example"\n') });
  const names = (await directory.config()).all().map(({ name }) => name);
  const position = (name: string) => names.indexOf(name);
  expect(position("az.bridge.keepalive_interval")).toBeLessThan(position("az.profiles.p.url"));
  expect(position("az.profiles.p.url")).toBeLessThan(position("aws.url"));
  expect(new Set(names).size).toBe(names.length);
});
